"""The demo's settings: those of the site, with the provider at its root for three clients, and with
provisioning.

``project.settings`` works without the packages that these need. ``project.demo.run`` chooses.
"""

from __future__ import annotations

from project.settings import *
from project.settings import INSTALLED_APPS, env

INSTALLED_APPS = [
    *INSTALLED_APPS,
    "oauth2_provider",
    "azuread_connections.provider",
    "azuread_connections.scim",
]
ROOT_URLCONF = "project.demo.urls"

#: Where the clients of ``project.demo.clients`` run.
CLIENTS_URL = env.str("CLIENTS_URL", default="http://localhost:8002")

#: As docs/provider.md says.
OAUTH2_PROVIDER = {
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_MATCHING": True,
    "COMPLIANT_BCP_RFC9700_PKCE_REQUIRED": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
}
