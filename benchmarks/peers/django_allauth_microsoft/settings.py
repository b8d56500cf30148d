"""As its page "Microsoft Graph" says, with PKCE. Its Graph is the stand-in's."""

from __future__ import annotations

from benchmarks.peers import CLIENT_SECRET, LOGIN_URL, TENANT_ID, client_id_of
from benchmarks.peers.django_allauth.settings import *
from benchmarks.peers.django_allauth.settings import INSTALLED_APPS

INSTALLED_APPS = [
    *INSTALLED_APPS[:-1],
    "allauth.socialaccount.providers.microsoft",
]
SOCIALACCOUNT_PROVIDERS = {
    "microsoft": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "client_id": client_id_of("django_allauth_microsoft"),
                "secret": CLIENT_SECRET,
                "settings": {"tenant": TENANT_ID, "graph_url": f"{LOGIN_URL}/graph"},
            }
        ],
    }
}
