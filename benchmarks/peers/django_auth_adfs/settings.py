"""As its guide for Azure AD says, without groups, which the other peers do not read either. The
address comes from `upn`, as v1.0 has it for everybody. It has no PKCE."""

from __future__ import annotations

from benchmarks.peers import CLIENT_SECRET, TENANT_ID, client_id_of
from benchmarks.peers.base import *
from benchmarks.peers.base import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "django_auth_adfs"]
ROOT_URLCONF = "benchmarks.peers.django_auth_adfs.urls"
AUTHENTICATION_BACKENDS = [
    "django_auth_adfs.backend.AdfsAuthCodeBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_ADFS = {
    "AUDIENCE": client_id_of("django_auth_adfs"),
    "CLIENT_ID": client_id_of("django_auth_adfs"),
    "CLIENT_SECRET": CLIENT_SECRET,
    "CLAIM_MAPPING": {"first_name": "given_name", "last_name": "family_name", "email": "upn"},
    "GROUPS_CLAIM": None,
    "USERNAME_CLAIM": "upn",
    "TENANT_ID": TENANT_ID,
    "RELYING_PARTY_ID": client_id_of("django_auth_adfs"),
}
