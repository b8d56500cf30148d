"""As its page "OpenID Connect" says, with PKCE."""

from __future__ import annotations

from benchmarks.peers import CLIENT_SECRET, LOGIN_URL, TENANT_ID, client_id_of
from benchmarks.peers.base import *
from benchmarks.peers.base import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]
MIDDLEWARE = [*MIDDLEWARE, "allauth.account.middleware.AccountMiddleware"]
ROOT_URLCONF = "benchmarks.peers.django_allauth.urls"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "microsoft",
                "name": "Microsoft",
                "client_id": client_id_of("django_allauth"),
                "secret": CLIENT_SECRET,
                "settings": {"server_url": f"{LOGIN_URL}/{TENANT_ID}/v2.0"},
            }
        ],
    }
}
