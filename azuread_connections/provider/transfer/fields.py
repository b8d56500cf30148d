"""The keys of a client in the file and the fields they set: one table for import and export.

The shape is that of Auth0's Management API, with our own fields under ``azuread_connections``. A
new field is one more row.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...models import Application

OWN = "azuread_connections"


@dataclass(frozen=True)
class Field:
    """A key of the file that becomes a field of ``Application`` or ``OAuthClient``."""

    key: str
    field: str
    kind: type[str] | type[bool] | type[int] | type[list[str]] = str


APPLICATION_FIELDS = (
    Field("description", "description"),
    Field("callbacks", "allowed_callback_urls", list),
    Field("allowed_logout_urls", "allowed_logout_urls", list),
    Field(f"{OWN}.allow_password_sessions", "allow_password_sessions", bool),
)
CLIENT_FIELDS = (
    Field("logo_uri", "logo_uri"),
    Field("is_first_party", "is_first_party", bool),
    Field("jwt_configuration.lifetime_in_seconds", "id_token_lifetime", int),
    Field("refresh_token.token_lifetime", "refresh_token_lifetime", int),
    Field("refresh_token.idle_token_lifetime", "refresh_token_idle_lifetime", int),
    Field(f"{OWN}.is_pkce_required", "is_pkce_required", bool),
    Field(f"{OWN}.uses_auth0_subjects", "uses_auth0_subjects", bool),
)

NAME = "name"
CLIENT_ID = "client_id"
CLIENT_SECRET = "client_secret"  # noqa: S105 (the name of a key, not a secret)
APP_TYPE = "app_type"
GRANT_TYPES = "grant_types"
WEB_ORIGINS = "web_origins"
AUTH_METHOD = "token_endpoint_auth_method"
BACKCHANNEL_URLS = "oidc_logout.backchannel_logout_urls"
METADATA = "client_metadata"
SLUG = f"{OWN}.slug"
NESTED = ("jwt_configuration", "refresh_token", "oidc_logout", OWN)

_Type = Application.Type
#: Auth0's types of application.
APP_TYPES = {
    "native": _Type.NATIVE,
    "spa": _Type.SPA,
    "regular_web": _Type.REGULAR_WEB,
    "non_interactive": _Type.MACHINE_TO_MACHINE,
}
