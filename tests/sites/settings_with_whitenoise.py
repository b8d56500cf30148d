"""Settings of the suite with WhiteNoise and hashed names, as the demo site has them."""

from __future__ import annotations

import tempfile

from tests.settings import *
from tests.settings import MIDDLEWARE, STORAGES

STATIC_ROOT = tempfile.mkdtemp(prefix="azuread-static-")
# A page fails whose file is not in the manifest.
STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
}
MIDDLEWARE = [MIDDLEWARE[0], "whitenoise.middleware.WhiteNoiseMiddleware", *MIDDLEWARE[1:]]
