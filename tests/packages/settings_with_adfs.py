"""Settings of the suite together with django-auth-adfs, as docs/coming-from-django-auth-adfs.md
has it."""

from __future__ import annotations

from tests.settings import *
from tests.settings import AUTHENTICATION_BACKENDS, INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "django_auth_adfs"]
AUTHENTICATION_BACKENDS = [*AUTHENTICATION_BACKENDS, "django_auth_adfs.backend.AdfsAuthCodeBackend"]
AUTH_ADFS = {
    "TENANT_ID": "aaaabbbb-0000-cccc-1111-dddd2222eeee",
    "CLIENT_ID": "bbbbcccc-1111-dddd-2222-eeee3333ffff",
    "RELYING_PARTY_ID": "bbbbcccc-1111-dddd-2222-eeee3333ffff",
    "AUDIENCE": "bbbbcccc-1111-dddd-2222-eeee3333ffff",
}
