"""Directories from JSON, with errors that name the entry and the key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from .apps import Platform
from .directory import Default, Directory
from .standin import StandIn

T = TypeVar("T")

PLATFORMS = ("web", "spa")

KIND_NAMES = {str: "a text", bool: "true or false", list: "a list", dict: "an object"}


class DataError(ValueError):
    """The data cannot be used; the message says which entry and key is wrong."""


@dataclass(frozen=True)
class _Entry:
    """One JSON object and where it stands, e.g. `directories[0].people[2]`."""

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
    "name", "given_name", "family_name", "upn", "mail", "guest", "enabled", "claims"}],
    "applications": [{"client_id", "name", "redirect_uris", "multi_tenant", "platform",
    "secrets": [{"value", "expires_at", "key_id"}]}]}]}`
    """
    root = _entry(data, "data")
    root.only("directories")
    # Directories first: a guest's home may stand further down in the file.
    filled = [(_add_directory(standin, entry), entry) for entry in root.entries("directories")]
    for directory, entry in filled:
        for person in entry.entries("people"):
            _add_person(directory, person)
        for application in entry.entries("applications"):
            _add_application(directory, application)


def _entry(value: object, where: str) -> _Entry:
    if not isinstance(value, dict):
        raise DataError(f"{where} must be an object.")
    return _Entry(where, value)


def _add_directory(standin: StandIn, entry: _Entry) -> Directory:
    entry.only("domain", "name", "tenant_id", "domains", "people", "applications")
    try:
        return standin.add_directory(
            entry.required("domain"),
            tenant_id=entry.get("tenant_id", str),
            name=entry.get("name", str),
            domains=entry.texts("domains"),
        )
    except DataError:
        raise
    except ValueError as error:
        raise DataError(f"{entry.where}: {error}.") from error


def _add_person(directory: Directory, entry: _Entry) -> None:
    names = ("object_id", "name", "given_name", "family_name", "upn", "mail")
    entry.only(*names, "guest", "enabled", "claims")
    # An absent mail follows the UPN; null means that there is none.
    mail = entry.get("mail", str) if "mail" in entry.fields else Default.SAME_AS_UPN
    enabled = entry.get("enabled", bool)
    try:
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
        )
    except DataError:
        raise
    except ValueError as error:
        raise DataError(f"{entry.where}: {error}.") from error


def _add_application(directory: Directory, entry: _Entry) -> None:
    names = ("client_id", "name", "redirect_uris", "multi_tenant", "platform", "secrets")
    entry.only(*names)
    platform = entry.get("platform", str) or "web"
    if platform not in PLATFORMS:
        raise DataError(f"{entry.where}: 'platform' must be one of {', '.join(PLATFORMS)}.")
    secrets = [_secret(secret) for secret in entry.entries("secrets")]
    try:
        app = directory.add_app(
            client_id=entry.required("client_id"),
            name=entry.get("name", str),
            redirect_uris=entry.texts("redirect_uris"),
            multi_tenant=bool(entry.get("multi_tenant", bool)),
            platform=cast(Platform, platform),
        )
    except DataError:
        raise
    except ValueError as error:
        raise DataError(f"{entry.where}: {error}.") from error
    app.secrets.clear()
    for value, expires_at, key_id in secrets:
        app.add_secret(value, expires_at=expires_at, key_id=key_id)


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
