"""Settings of the tests of ``azuread_connections.provider``, which need django-oauth-toolkit.

They run in a process of their own: ``pytest --ds=tests.provider.settings tests/provider``.
"""

from __future__ import annotations

from tests.settings import *
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "oauth2_provider", "azuread_connections.provider"]
ROOT_URLCONF = "tests.provider.urls"

#: Every switch for RFC 9700 on, as they will be in django-oauth-toolkit 4.0.
OAUTH2_PROVIDER = {
    f"COMPLIANT_BCP_RFC9700_{name}": True
    for name in (
        "IMPLICIT_GRANT",
        "PASSWORD_GRANT",
        "PKCE_METHOD",
        "ACCESS_TOKEN_TRANSPORT",
        "AUTHZ_RESPONSE_ISS",
        "TOKEN_STORAGE",
        "REFRESH_TOKEN",
        "REDIRECT_URI_SCHEME",
        "REDIRECT_URI_MATCHING",
        "PKCE_REQUIRED",
    )
} | {"REFRESH_TOKEN_REUSE_PROTECTION": True, "ALLOWED_REDIRECT_URI_SCHEMES": ["https"]}
