"""As its page on the OpenID Connect provider says, with opaque access tokens, its default."""

from __future__ import annotations

from benchmarks.peers.base import *
from benchmarks.peers.base import INSTALLED_APPS, MIDDLEWARE
from benchmarks.peers.oauth import FAST_HASHERS, new_key

INSTALLED_APPS = [*INSTALLED_APPS, "allauth", "allauth.account", "allauth.idp.oidc"]
MIDDLEWARE = [*MIDDLEWARE, "allauth.account.middleware.AccountMiddleware"]
ROOT_URLCONF = "benchmarks.peers.allauth_idp.urls"
PASSWORD_HASHERS = FAST_HASHERS
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
IDP_OIDC_PRIVATE_KEY = new_key()
