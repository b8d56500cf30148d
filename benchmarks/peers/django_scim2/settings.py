"""As its README and its pages on models and settings say."""

from __future__ import annotations

from benchmarks.peers.base import *
from benchmarks.peers.base import INSTALLED_APPS, MIDDLEWARE

INSTALLED_APPS = [*INSTALLED_APPS, "django_scim", "benchmarks.peers.django_scim2"]
MIDDLEWARE = [*MIDDLEWARE, "benchmarks.peers.django_scim2.middleware.BearerTokenMiddleware"]
ROOT_URLCONF = "benchmarks.peers.django_scim2.urls"
AUTH_USER_MODEL = "django_scim2_site.User"
SCIM_SERVICE_PROVIDER = {
    "SCHEME": "http",
    "NETLOC": "127.0.0.1",
    "GROUP_MODEL": "benchmarks.peers.django_scim2.models.Group",
    "AUTHENTICATION_SCHEMES": [
        {"type": "oauthbearertoken", "name": "Bearer token", "description": "A directory's token"}
    ],
}
