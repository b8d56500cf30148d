"""Settings of the suite with a user model that has an email address and no username."""

from __future__ import annotations

from tests.settings import *
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.sites.people"]
AUTH_USER_MODEL = "people.Person"
