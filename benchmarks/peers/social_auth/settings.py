"""As its pages "Django framework" and "Microsoft Azure Active Directory" say for one tenant, by its
class for v2.0, with PKCE."""

from __future__ import annotations

from benchmarks.peers import CLIENT_SECRET, TENANT_ID, client_id_of
from benchmarks.peers.base import *
from benchmarks.peers.base import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "social_django"]
ROOT_URLCONF = "benchmarks.peers.social_auth.urls"
AUTHENTICATION_BACKENDS = [
    "social_core.backends.azuread_tenant.AzureADV2TenantOAuth2",
    "django.contrib.auth.backends.ModelBackend",
]
SOCIAL_AUTH_AZUREAD_V2_TENANT_OAUTH2_KEY = client_id_of("social_auth")
SOCIAL_AUTH_AZUREAD_V2_TENANT_OAUTH2_SECRET = CLIENT_SECRET
SOCIAL_AUTH_AZUREAD_V2_TENANT_OAUTH2_TENANT_ID = TENANT_ID
SOCIAL_AUTH_AZUREAD_V2_TENANT_OAUTH2_USE_PKCE = True
