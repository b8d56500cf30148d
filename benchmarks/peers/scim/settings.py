"""As docs/provisioning.md says."""

from __future__ import annotations

from benchmarks.peers.azuread_connections.settings import *
from benchmarks.peers.azuread_connections.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "azuread_connections.scim"]
ROOT_URLCONF = "benchmarks.peers.scim.urls"
