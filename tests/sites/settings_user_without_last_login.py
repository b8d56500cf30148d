"""Settings of the suite with a user model that has no ``last_login``."""

from __future__ import annotations

from tests.sites.settings_email_only import *

AUTH_USER_MODEL = "people.Visitor"
