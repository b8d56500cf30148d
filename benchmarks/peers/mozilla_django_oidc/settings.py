"""As its quick start says, with the endpoints of Microsoft's discovery document, and PKCE."""

from __future__ import annotations

from benchmarks.peers import CLIENT_SECRET, LOGIN_URL, TENANT_ID, client_id_of
from benchmarks.peers.base import *
from benchmarks.peers.base import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "mozilla_django_oidc"]
ROOT_URLCONF = "benchmarks.peers.mozilla_django_oidc.urls"
AUTHENTICATION_BACKENDS = [
    "mozilla_django_oidc.auth.OIDCAuthenticationBackend",
    "django.contrib.auth.backends.ModelBackend",
]
OIDC_RP_CLIENT_ID = client_id_of("mozilla_django_oidc")
OIDC_RP_CLIENT_SECRET = CLIENT_SECRET
OIDC_RP_SIGN_ALGO = "RS256"
OIDC_RP_SCOPES = "openid profile email"
OIDC_OP_JWKS_ENDPOINT = f"{LOGIN_URL}/{TENANT_ID}/discovery/v2.0/keys"
OIDC_OP_AUTHORIZATION_ENDPOINT = f"{LOGIN_URL}/{TENANT_ID}/oauth2/v2.0/authorize"
OIDC_OP_TOKEN_ENDPOINT = f"{LOGIN_URL}/{TENANT_ID}/oauth2/v2.0/token"
OIDC_OP_USER_ENDPOINT = f"{LOGIN_URL}/oidc/userinfo"
OIDC_USE_PKCE = True
