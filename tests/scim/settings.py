"""Settings of the tests of ``azuread_connections.scim``, which need scim2-models.

They run in a process of their own: ``pytest --ds=tests.scim.settings tests/scim``.
"""

from __future__ import annotations

from tests.settings import *
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "azuread_connections.scim"]
ROOT_URLCONF = "tests.scim.urls"
