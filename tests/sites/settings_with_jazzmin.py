"""Settings of the suite with django-jazzmin, as docs/existing-sites.md has it."""

from __future__ import annotations

from tests.settings import *
from tests.settings import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = ["jazzmin", *INSTALLED_APPS]
JAZZMIN_UI_TWEAKS = {"default_theme_mode": "auto"}
# Its pages have scripts in the page itself, which a strict policy refuses.
MIDDLEWARE = [name for name in MIDDLEWARE if "csp" not in name.split(".")]
