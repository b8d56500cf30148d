"""Settings of the suite behind a proxy that ends TLS, as docs/existing-sites.md has it."""

from __future__ import annotations

from tests.packages.documented import code
from tests.settings import *
from tests.settings import AZUREAD_CONNECTIONS

ROOT_URLCONF = "tests.sites.urls_below_a_prefix"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "/portal/"
AZUREAD_CONNECTIONS = dict(AZUREAD_CONNECTIONS, PASSWORD_LOGIN_URL="")
exec(code("existing-sites.md", "settings: proxy"))
exec(code("existing-sites.md", "settings: prefix"))
