"""Settings of the suite with django-unfold, as docs/existing-sites.md has it."""

from __future__ import annotations

from tests.settings import *
from tests.settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = ["unfold", *INSTALLED_APPS]
ROOT_URLCONF = "tests.sites.urls_with_unfold"
# Its pages evaluate text as scripts, which a strict policy refuses.
MIDDLEWARE = [name for name in MIDDLEWARE if "csp" not in name.split(".")]
