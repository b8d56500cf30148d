"""Connections in the shape of Auth0's Management API, read into ``ConnectionEntry``.

The tables say what is understood. An option that a later version supports is one more line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext as _

from ..models import Connection
from ..models.validators import is_guid
from .document import Mistake, ObjectReader, load, shown

STRATEGY = "waad"


@dataclass(frozen=True)
class Option:
    """A key of the file that becomes a field of ``Connection``.

    ``kind``: ``str`` or ``bool``. ``values``: the file's words for the field's choices.
    ``other_key``: read where ``key`` is absent. ``required``: for a connection that is new.
    """

    key: str
    field: str
    kind: type[str] | type[bool] = str
    values: Mapping[str, str] | None = None
    other_key: str | None = None
    required: bool = False


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
        "options.set_user_root_attributes",
        "sync_profile",
        values={
            "on_each_login": Connection.SyncProfile.EACH_LOGIN,
            "on_first_login": Connection.SyncProfile.FIRST_LOGIN,
            "never_on_login": Connection.SyncProfile.NEVER,
        },
    ),
    Option("options.icon_url", "logo_url"),
)

CLIENT_SECRET = "options.client_secret"  # noqa: S105 (the name of a key, no secret)
CLIENT_SECRET_EXPIRES_AT = "options.client_secret_expires_at"  # noqa: S105
TENANT_IDS = ("options.azuread_connections.tenant_id", "options.tenantId")
ENABLED_CLIENTS = "enabled_clients"
_NESTED = ("options", "options.azuread_connections")

#: Keys that describe the entry at Auth0 and configure nothing.
_DESCRIPTIVE = frozenset({"id", "provisioning_ticket_url", "options.granted"})
#: Values that ask for exactly what happens here anyway.
_ALREADY_SO: Mapping[str, Any] = {
    "authentication": {"active": True},
    "options.waad_protocol": "openid-connect",
    "options.userid_attribute": "oid",
    "options.user_id_attribute": "oid",
}


@dataclass(frozen=True)
class ConnectionEntry:
    """One connection of the file. What the file does not say is absent, or None.

    ``fields``: values for fields of ``Connection``, not yet validated. ``keys``: the path in the
    file from which each came, for messages. ``secret_expires_at`` is aware, in UTC.
    """

    place: str
    name: str
    fields: Mapping[str, str | bool]
    keys: Mapping[str, str]
    secret: str | None = field(default=None, repr=False)
    secret_expires_at: datetime | None = None
    tenant_id: str | None = None
    tenant_id_key: str = TENANT_IDS[0]
    clients: tuple[str, ...] | None = None

    def key(self, field_name: str) -> str:
        """The path in the file at which a field's value stands, or should."""
        defaults = {option.field: option.key for option in OPTIONS}
        return self.keys.get(field_name) or defaults.get(field_name, field_name)


@dataclass
class Document:
    """A file as read: its entries, what is wrong with it, and what is said but not done."""

    entries: list[ConnectionEntry] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: int = 0


def parse(data: bytes) -> Document:
    """Read a file: a list of connections, ``{"connections": [...]}``, or a single connection.

    Raises ``UnreadableDocument`` if it is not JSON; everything else that is wrong with it is in
    the document's ``mistakes``.
    """
    content = load(data)
    if isinstance(content, dict):
        content = content.get("connections", [content])
    document = Document()
    if not isinstance(content, list):
        document.mistakes.append(
            Mistake(_("File"), _("This must be a list of connections, or an object of one."))
        )
        return document
    places: dict[str, str] = {}
    for number, item in enumerate(content, start=1):
        place = _place(number, item)
        if not isinstance(item, dict):
            document.mistakes.append(Mistake(place, _("This must be an object, in braces.")))
            continue
        reader = ObjectReader(item, place, _NESTED)
        entry = _entry(reader, document)
        if entry is not None:
            first = places.setdefault(entry.name.lower(), place)
            if first is not place:
                reader.refuse(
                    "name",
                    _("The same name (upper and lower case do not differ) as in: %(first)s.")
                    % {"first": first},
                )
            document.entries.append(entry)
        document.mistakes += reader.mistakes
        document.notes += reader.notes
    return document


def _place(number: int, item: Any) -> str:
    name = item.get("name") if isinstance(item, dict) else None
    if isinstance(name, str) and name and len(name) <= 200:
        return _("Entry %(number)d (%(name)s)") % {"number": number, "name": shown(name)}
    return _("Entry %(number)d") % {"number": number}


def _entry(reader: ObjectReader, document: Document) -> ConnectionEntry | None:
    """Return None for what is no Azure AD connection, or has no name to go by."""
    strategy = _required(reader, "strategy")
    if strategy is None:
        reader.text("name")
        return None
    if strategy != STRATEGY:
        document.skipped += 1
        reader.note(
            _("skipped, as its strategy is “%(strategy)s”, not “waad”.")
            % {"strategy": shown(strategy)}
        )
        return None
    name = _required(reader, "name")
    fields, keys = _fields(reader)
    tenant_id, tenant_id_key = _tenant_id(reader)
    entry = ConnectionEntry(
        place=reader.place,
        name=name or "",
        fields=MappingProxyType(fields),
        keys=MappingProxyType(keys),
        secret=reader.text(CLIENT_SECRET, strip=False) or None,
        secret_expires_at=_time(reader, CLIENT_SECRET_EXPIRES_AT),
        tenant_id=tenant_id,
        tenant_id_key=tenant_id_key,
        clients=reader.texts(ENABLED_CLIENTS),
    )
    _note_ignored(reader, name)
    return entry if name else None


def _required(reader: ObjectReader, key: str) -> str | None:
    before = len(reader.mistakes)
    value = reader.text(key)
    if not value and len(reader.mistakes) == before:
        reader.refuse(key, _("This key is missing."))
    return value or None


def _fields(reader: ObjectReader) -> tuple[dict[str, str | bool], dict[str, str]]:
    fields: dict[str, str | bool] = {}
    keys: dict[str, str] = {}
    for option in OPTIONS:
        for key in filter(None, (option.other_key, option.key)):
            value = _value(reader, key, option)
            if value is not None:
                if fields.get(option.field, value) != value:
                    reader.note(
                        _("%(other)s differs from %(key)s, and is ignored.")
                        % {"other": option.other_key, "key": option.key}
                    )
                fields[option.field], keys[option.field] = value, key
    return fields, keys


def _value(reader: ObjectReader, key: str, option: Option) -> str | bool | None:
    if option.kind is bool:
        return reader.flag(key)
    value = reader.text(key)
    if value is None or option.values is None:
        return value
    if value not in option.values:
        reader.refuse(
            key, _("This must be one of: %(values)s.") % {"values": ", ".join(option.values)}
        )
    return option.values.get(value)


def _tenant_id(reader: ObjectReader) -> tuple[str | None, str]:
    found: dict[str, str] = {}
    for key in TENANT_IDS:
        value = reader.text(key)
        if value and not is_guid(value):
            reader.refuse(key, _("This must be the directory's ID, a GUID."))
        elif value:
            found.setdefault(value.lower(), key)
    if len(found) > 1:
        reader.refuse(TENANT_IDS[1], _("This is another directory than %s.") % TENANT_IDS[0])
    return next(iter(found.items()), (None, TENANT_IDS[0]))


def _time(reader: ObjectReader, key: str) -> datetime | None:
    text = reader.text(key)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        moment = datetime.min
    # Years outside are placeholders (.NET writes the year 1) and break sums of dates.
    if not 2000 <= moment.year <= 9000:
        reader.refuse(
            key, _("This must be a date or a time such as 2027-01-31 or 2027-01-31T09:00:00Z.")
        )
        return None
    return moment


def _note_ignored(reader: ObjectReader, name: str | None) -> None:
    if reader.flag("options.basic_profile") is False:
        reader.note(_("options.basic_profile: the basic profile is always read."))
    ignored = [
        shown(path)
        for path, value in reader.left_over()
        if path not in _DESCRIPTIVE
        and _ALREADY_SO.get(path) != value
        and not (path == "realms" and value == [name])
    ]
    if ignored:
        reader.note(_("not supported, ignored: %(keys)s.") % {"keys": ", ".join(ignored)})
