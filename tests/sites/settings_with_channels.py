"""Settings of the suite with Django Channels."""

from __future__ import annotations

from tests.settings import *
from tests.settings import AZUREAD_CONNECTIONS, INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "channels"]
AZUREAD_CONNECTIONS = AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 0}
