"""Settings of the suite with a user model that inherits from another one, in two tables."""

from __future__ import annotations

from tests.sites.settings_email_only import *

AUTH_USER_MODEL = "people.Employee"
