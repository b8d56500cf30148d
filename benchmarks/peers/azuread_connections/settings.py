"""As README.md says. The connection itself is a row: see benchmarks/inside/site.py."""

from __future__ import annotations

from benchmarks.peers.base import *
from benchmarks.peers.base import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*INSTALLED_APPS, "azuread_connections"]
MIDDLEWARE = [*MIDDLEWARE, "azuread_connections.middleware.ConnectionSessionMiddleware"]
ROOT_URLCONF = "benchmarks.peers.azuread_connections.urls"
AUTHENTICATION_BACKENDS = [
    "azuread_connections.backends.ConnectionBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AZUREAD_CONNECTIONS = {
    "ENCRYPTION_KEYS": ["YmVuY2htYXJrcy1iZW5jaG1hcmtzLWJlbmNobWFya3M="],
    "PUBLIC_URL": "http://127.0.0.1",
}
LOGIN_URL = "azuread_connections:sign_in"
