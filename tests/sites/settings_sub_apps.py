"""Settings of the suite with the provider and provisioning, and an admin site of a site's own."""

from __future__ import annotations

from tests.scim.with_provider.settings import *

ROOT_URLCONF = "tests.sites.urls_sub_apps"
