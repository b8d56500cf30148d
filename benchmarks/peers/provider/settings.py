"""As docs/provider.md says. The clients are rows: see clients.py."""

from __future__ import annotations

from benchmarks.peers.azuread_connections.settings import *
from benchmarks.peers.azuread_connections.settings import INSTALLED_APPS
from benchmarks.peers.django_oauth_toolkit.switches import SWITCHES

INSTALLED_APPS = [*INSTALLED_APPS, "oauth2_provider", "azuread_connections.provider"]
ROOT_URLCONF = "benchmarks.peers.provider.urls"
OAUTH2_PROVIDER = SWITCHES
