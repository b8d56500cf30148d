"""As its pages on OpenID Connect and on RFC 9700 say, with its own views."""

from __future__ import annotations

from benchmarks.peers.base import *
from benchmarks.peers.base import INSTALLED_APPS
from benchmarks.peers.django_oauth_toolkit.switches import SWITCHES
from benchmarks.peers.oauth import FAST_HASHERS, SCOPES, new_key

INSTALLED_APPS = [*INSTALLED_APPS, "oauth2_provider"]
ROOT_URLCONF = "benchmarks.peers.django_oauth_toolkit.urls"
PASSWORD_HASHERS = FAST_HASHERS
OAUTH2_PROVIDER = SWITCHES | {
    "OIDC_ENABLED": True,
    "OIDC_RSA_PRIVATE_KEY": new_key(),
    "OAUTH2_VALIDATOR_CLASS": "benchmarks.peers.django_oauth_toolkit.validator.Validator",
    "SCOPES": {scope: scope for scope in SCOPES},
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3_600,
}
