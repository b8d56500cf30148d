"""Directories from JSON, with errors that name the entry and the key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from ..clouds import CloudName
from ..standin import StandIn
from .apps import PLATFORMS, App, GroupClaims
from .directories import Default, Directory
from .groups import Group

T = TypeVar("T")

GROUP_CLAIMS = ("SecurityGroup", "DirectoryRole", "All")
APPLICATION_KEYS = (
    *("client_id", "name", "redirect_uris", "multi_tenant", "platform", "secrets"),
    *("delegated", "application", "consented", "granted_in", "personal_accounts"),
    *("group_membership_claims", "optional_claims", "frontchannel_logout_url"),
    *("own_signing_key", "roles"),
)

KIND_NAMES = {str: "a text", bool: "true or false", list: "a list", dict: "an object"}


class DataError(ValueError):
    """The data cannot be used; the message says which entry and key is wrong."""


@dataclass(frozen=True)
class _Entry:
    """One JSON object and its position, e.g. `directories[0].people[2]`."""

    where: str
    fields: dict[str, Any]

    def only(self, *known: str) -> None:
        for key in self.fields:
            if key not in known:
                raise DataError(
                    f"{self.where}: unknown key {key!r}. Known are: {', '.join(known)}."
                )

    def get(self, key: str, kind: type[T]) -> T | None:
        value = self.fields.get(key)
        if value is not None and not isinstance(value, kind):
            raise DataError(f"{self.where}: {key!r} must be {KIND_NAMES[kind]}, not {value!r}.")
        return value

    def required(self, key: str) -> str:
        value = self.get(key, str)
        if not value:
            raise DataError(f"{self.where}: {key!r} is missing.")
        return value

    def texts(self, key: str) -> list[str]:
        values: list[Any] = self.get(key, list) or []
        if not all(isinstance(value, str) for value in values):
            raise DataError(f"{self.where}: {key!r} must be a list of texts.")
        return values

    def entries(self, key: str) -> list[_Entry]:
        prefix = f"{self.where}.{key}" if self.where != "data" else key
        return [
            _entry(value, f"{prefix}[{number}]")
            for number, value in enumerate(self.get(key, list) or [])
        ]


def load(standin: StandIn, data: object) -> None:
    """Fill a stand-in from the parsed JSON. Raises DataError.

    `{"directories": [{"domain", "name", "tenant_id", "domains", "people": [{"object_id",
    "name", "given_name", "family_name", "upn", "mail", "guest", "enabled", "claims", "admin",
    "graph"}], "cloud", "groups": [{"name", "object_id", "description", "security", "members",
    "groups"}], "applications": [{"client_id", "name", "redirect_uris", "multi_tenant",
    "platform", "secrets": [{"value", "expires_at", "key_id"}], "delegated", "application",
    "consented", "granted_in", "personal_accounts", "group_membership_claims",
    "optional_claims", "frontchannel_logout_url", "own_signing_key", "roles": [{"value",
    "members"}]}],
    "provisioning": [{"tenant_url", "token"}]}],
    "personal_accounts": [{"name", "mail", "object_id"}]}`

    `members` are UPNs or object IDs of people, `groups` names or object IDs of the groups
    inside a group; those of a role are UPNs or object IDs of people, or names or object IDs of
    groups. `granted_in` names directories whose administrators consented to the app.
    """
    root = _entry(data, "data")
    root.only("directories", "personal_accounts")
    for entry in root.entries("personal_accounts"):
        _add_personal_account(standin, entry)
    # Directories first: a guest's home directory can come later in the file.
    filled = [(_add_directory(standin, entry), entry) for entry in root.entries("directories")]
    for directory, entry in filled:
        for person in entry.entries("people"):
            _add_person(directory, person)
        groups = [(_add_group(directory, group), group) for group in entry.entries("groups")]
        for group, group_entry in groups:
            _fill_group(group, group_entry)
    for directory, entry in filled:
        for application in entry.entries("applications"):
            _add_application(standin, directory, application)
        for job in entry.entries("provisioning"):
            job.only("tenant_url", "token")
            standin.provisioning_job(
                job.required("tenant_url"), job.required("token"), directory=directory
            )


@contextmanager
def _named(entry: _Entry) -> Iterator[None]:
    """Name the entry in an error that the stand-in itself raises."""
    try:
        yield
    except DataError:
        raise
    except ValueError as error:
        raise DataError(f"{entry.where}: {error}.") from error


def _entry(value: object, where: str) -> _Entry:
    if not isinstance(value, dict):
        raise DataError(f"{where} must be an object.")
    return _Entry(where, value)


def _add_personal_account(standin: StandIn, entry: _Entry) -> None:
    entry.only("name", "mail", "object_id")
    with _named(entry):
        standin.add_personal_account(
            entry.required("name"),
            mail=entry.get("mail", str),
            object_id=entry.get("object_id", str),
        )


def _add_directory(standin: StandIn, entry: _Entry) -> Directory:
    entry.only(
        *("domain", "name", "tenant_id", "domains", "cloud", "people", "groups", "applications"),
        "provisioning",
    )
    with _named(entry):
        return standin.add_directory(
            entry.required("domain"),
            tenant_id=entry.get("tenant_id", str),
            name=entry.get("name", str),
            domains=entry.texts("domains"),
            cloud=cast("CloudName | None", entry.get("cloud", str)),
        )


def _add_person(directory: Directory, entry: _Entry) -> None:
    names = ("object_id", "name", "given_name", "family_name", "upn", "mail")
    entry.only(*names, "guest", "enabled", "claims", "admin", "graph")
    # An absent mail follows the UPN; null means that there is none.
    mail = entry.get("mail", str) if "mail" in entry.fields else Default.SAME_AS_UPN
    enabled = entry.get("enabled", bool)
    with _named(entry):
        directory.add_person(
            entry.required("name"),
            upn=entry.get("upn", str),
            mail=mail,
            given_name=entry.get("given_name", str),
            family_name=entry.get("family_name", str),
            object_id=entry.get("object_id", str),
            guest=bool(entry.get("guest", bool)),
            enabled=enabled is not False,
            claims=entry.get("claims", dict),
            admin=bool(entry.get("admin", bool)),
            graph=entry.get("graph", dict),
        )


def _add_group(directory: Directory, entry: _Entry) -> Group:
    entry.only("name", "object_id", "description", "security", "members", "groups")
    with _named(entry):
        return directory.add_group(
            entry.required("name"),
            object_id=entry.get("object_id", str),
            security=entry.get("security", bool) is not False,
            description=entry.get("description", str),
        )


def _fill_group(group: Group, entry: _Entry) -> None:
    """Members last: a nested group can come later in the file."""
    for text in entry.texts("members"):
        person = group.directory.find_person(text)
        if person is None:
            raise DataError(f"{entry.where}: there is no person {text!r} in this directory.")
        group.add(person)
    for text in entry.texts("groups"):
        inside = group.directory.find_group(text)
        if inside is None:
            raise DataError(f"{entry.where}: there is no group {text!r} in this directory.")
        group.add(inside)


def _add_application(standin: StandIn, directory: Directory, entry: _Entry) -> None:
    entry.only(*APPLICATION_KEYS)
    platform = entry.get("platform", str) or "web"
    if platform not in PLATFORMS:
        raise DataError(f"{entry.where}: 'platform' must be one of {', '.join(PLATFORMS)}.")
    group_claims = entry.get("group_membership_claims", str)
    if group_claims not in (None, *GROUP_CLAIMS):
        raise DataError(
            f"{entry.where}: 'group_membership_claims' must be one of {', '.join(GROUP_CLAIMS)}."
        )
    secrets = [_secret(secret) for secret in entry.entries("secrets")]
    # The default is that of a new registration.
    delegated = entry.texts("delegated") if "delegated" in entry.fields else ["User.Read"]
    with _named(entry):
        app = directory.add_app(
            client_id=entry.required("client_id"),
            name=entry.get("name", str),
            redirect_uris=entry.texts("redirect_uris"),
            multi_tenant=bool(entry.get("multi_tenant", bool)),
            platform=platform,
            delegated=delegated,
            application=entry.texts("application"),
            consented=entry.get("consented", bool) is not False,
            personal_accounts=bool(entry.get("personal_accounts", bool)),
            group_membership_claims=cast("GroupClaims | None", group_claims),
            optional_claims=entry.texts("optional_claims"),
            frontchannel_logout_url=entry.get("frontchannel_logout_url", str),
        )
    _assign_roles(app, entry)
    _grant_elsewhere(app, entry)
    app.secrets.clear()
    for value, expires_at, key_id in secrets:
        app.add_secret(value, expires_at=expires_at, key_id=key_id)
    if entry.get("own_signing_key", bool):
        standin.rotate_app_key(app)


def _assign_roles(app: App, entry: _Entry) -> None:
    for role in entry.entries("roles"):
        role.only("value", "members")
        value = role.required("value")
        for text in role.texts("members"):
            member = app.directory.find_person(text) or app.directory.find_group(text)
            if member is None:
                raise DataError(f"{role.where}: there is no person or group {text!r} here.")
            app.assign_roles(member, *app.roles_assigned_to(member), value)


def _grant_elsewhere(app: App, entry: _Entry) -> None:
    for text in entry.texts("granted_in"):
        customer = app.directory.registry.find(text)
        if customer is None:
            raise DataError(f"{entry.where}: there is no directory {text!r} to be granted in.")
        app.grant(customer)


def _secret(entry: _Entry) -> tuple[str, datetime | None, str | None]:
    entry.only("value", "expires_at", "key_id")
    text = entry.get("expires_at", str)
    try:
        expires_at = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise DataError(
            f"{entry.where}: 'expires_at' must be an ISO 8601 time, not {text!r}."
        ) from None
    return entry.required("value"), expires_at, entry.get("key_id", str)
