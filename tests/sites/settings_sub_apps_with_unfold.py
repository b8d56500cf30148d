"""The same with django-unfold."""

from __future__ import annotations

from tests.sites.settings_sub_apps import *
from tests.sites.settings_sub_apps import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = ["unfold", *INSTALLED_APPS]
# Its pages have scripts that a strict policy refuses.
MIDDLEWARE = [name for name in MIDDLEWARE if "csp" not in name.split(".")]
