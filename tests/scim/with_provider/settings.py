"""Settings of the tests of provisioning together with ``azuread_connections.provider``.

They run in a process of their own: ``pytest --ds=tests.scim.with_provider.settings
tests/scim/with_provider``.
"""

from __future__ import annotations

from tests.provider.settings import *
from tests.provider.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "azuread_connections.scim"]
ROOT_URLCONF = "tests.scim.with_provider.urls"
