"""The keys of the file and the fields they set: one table for both import and export.

The shape is that of Auth0's Management API, with our own fields under
``options.azuread_connections``. A new option is one more row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..models import Connection

STRATEGY = "waad"
OWN = "options.azuread_connections"


#: What a key of the file can hold.
Value = str | bool | int | list[str]


@dataclass(frozen=True)
class Option:
    """A key of the file that becomes a field of ``Connection``.

    ``kind``: an ``int`` can also be a string, as Auth0 writes it; a ``list`` is one of strings.
    ``values``: the file's words for
    the field's choices. ``other_key``: read if ``key`` is absent. ``required``: for a new
    connection.
    """

    key: str
    field: str
    kind: type[str] | type[bool] | type[int] | type[list[str]] = str
    values: Mapping[str, str] | None = None
    other_key: str | None = None
    required: bool = False

    def exported(self, value: Any) -> Any:
        """Return the field's value in the file's words."""
        if self.values is not None:
            return {stored: word for word, stored in self.values.items()}[value]
        return str(value) if self.kind is int else value


def _identity_map(values: Iterable[str]) -> dict[str, str]:
    return {value: value for value in values}


OPTIONS = (
    Option("display_name", "display_name"),
    Option("show_as_button", "show_as_button", bool),
    Option("options.tenant_domain", "domain", other_key="options.domain", required=True),
    Option("options.client_id", "client_id", required=True),
    Option(
        "options.identity_api",
        "identity_api",
        values={
            "microsoft-identity-platform-v2.0": Connection.IdentityAPI.V2,
            "azure-active-directory-v1.0": Connection.IdentityAPI.V1,
        },
    ),
    Option(
        "options.useCommonEndpoint",
        "use_common_endpoint",
        bool,
        other_key="options.waad_common_endpoint",
    ),
    Option("options.ext_profile", "extended_profile", bool),
    Option("options.ext_groups", "security_groups", bool),
    Option("options.ext_nested_groups", "nested_groups", bool),
    Option(f"{OWN}.app_roles", "app_roles", bool),
    Option(f"{OWN}.optional_claims", "optional_claims", list),
    Option("options.max_groups_to_retrieve", "max_groups", int),
    Option("options.api_enable_users", "enable_users_api", bool),
    Option(
        "options.set_user_root_attributes",
        "sync_profile",
        values={
            "on_each_login": Connection.SyncProfile.EACH_LOGIN,
            "on_first_login": Connection.SyncProfile.FIRST_LOGIN,
            "never_on_login": Connection.SyncProfile.NEVER,
        },
    ),
    Option("options.icon_url", "logo_url"),
    Option(f"{OWN}.cloud", "cloud", values=_identity_map(Connection.Cloud.values)),
    Option(
        f"{OWN}.new_directories",
        "new_directories",
        values=_identity_map(Connection.NewDirectories.values),
    ),
    Option(
        f"{OWN}.prompt",
        "prompt",
        # As a word: an empty text in a file stands for nothing given.
        values={
            "none": Connection.Prompt.NONE,
            "select_account": Connection.Prompt.SELECT_ACCOUNT,
            "login": Connection.Prompt.LOGIN,
        },
    ),
    Option(f"{OWN}.discover_domain", "discover_domain", bool),
    Option(f"{OWN}.create_users", "create_users", bool),
    Option(f"{OWN}.allow_guests", "allow_guests", bool),
    Option(f"{OWN}.link_by_email", "link_by_email", bool),
    Option(f"{OWN}.contact_email", "contact_email"),
)
BY_FIELD = {option.field: option for option in OPTIONS}

CLIENT_SECRET = "options.client_secret"  # noqa: S105 (the name of a key, not a secret)
CLIENT_SECRET_EXPIRES_AT = "options.client_secret_expires_at"  # noqa: S105
CREDENTIALS = f"{OWN}.credentials"
BASIC_PROFILE = "options.basic_profile"
TENANT_IDS = (f"{OWN}.tenant_id", "options.tenantId")
DOMAIN_ALIASES = "options.domain_aliases"
DIRECTORIES = f"{OWN}.directories"
GROUP_MAPPINGS = f"{OWN}.group_mappings"
ENABLED_CLIENTS = "enabled_clients"
