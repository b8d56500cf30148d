"""Settings of the suite with two admin sites."""

from __future__ import annotations

from tests.settings import *
from tests.settings import AZUREAD_CONNECTIONS

ROOT_URLCONF = "tests.sites.urls_admin_sites"
AZUREAD_CONNECTIONS = AZUREAD_CONNECTIONS | {"ADMIN_APPLICATION": "default"}
