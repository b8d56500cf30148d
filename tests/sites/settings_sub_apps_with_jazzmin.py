"""The same with django-jazzmin."""

from __future__ import annotations

from tests.sites.settings_sub_apps import *
from tests.sites.settings_sub_apps import INSTALLED_APPS

INSTALLED_APPS = ["jazzmin", *INSTALLED_APPS]
