"""Settings of the suite with the optional metrics, as docs/metrics.md sets them up."""

from __future__ import annotations

from tests.settings import *
from tests.settings import AZUREAD_CONNECTIONS, INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "azuread_connections.metrics"]
ROOT_URLCONF = "tests.metrics.urls"
AZUREAD_CONNECTIONS = AZUREAD_CONNECTIONS | {
    "METRICS_TOKEN": ["token-of-the-tests-0123456789-abcdef", "the-new-token-0123456789-abcdefgh"]
}
