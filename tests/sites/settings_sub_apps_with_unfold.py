"""The same with django-unfold."""

from __future__ import annotations

from tests.sites.settings_sub_apps import *
from tests.sites.settings_sub_apps import INSTALLED_APPS

INSTALLED_APPS = ["unfold", *INSTALLED_APPS]
