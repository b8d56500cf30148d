"""Connections in the shape of Auth0's Management API, read into ``ConnectionEntry``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ..models import Directory
from ..models.refusals import group_or_role
from ..models.validators import clean_alias, clean_client_id, is_guid
from .credentials import read_credentials
from .document import ImportIssue, ObjectReader, load, shown
from .entry import ConnectionEntry, DirectoryEntry, Document, MappingEntry
from .options import (
    BASIC_PROFILE,
    CLIENT_SECRET,
    CLIENT_SECRET_EXPIRES_AT,
    DIRECTORIES,
    DOMAIN_ALIASES,
    ENABLED_CLIENTS,
    GROUP_MAPPINGS,
    OPTIONS,
    OWN,
    STRATEGY,
    TENANT_IDS,
    Option,
    Value,
)
from .pages import UnusableContent, connections_of
from .placeholders import is_placeholder

_NESTED = ("options", OWN)

#: Keys that describe the entry at Auth0 and configure nothing.
_DESCRIPTIVE = frozenset({"id", "provisioning_ticket_url", "options.granted"})
#: Path segments at Microsoft for people of any directory.
_NO_DOMAINS = frozenset({"common", "organizations"})
_DIRECTORY_STATUSES = {status: status for status in Directory.Status.values}
_ADMITTED_BY = {value: value for value in Directory.AdmittedBy.values}
#: Values that are always in effect here.
_ALREADY_SO: Mapping[str, Any] = {
    "authentication": {"active": True},
    "options.waad_protocol": "openid-connect",
    "options.userid_attribute": "oid",
    "options.user_id_attribute": "oid",
}


def parse(data: bytes) -> Document:
    """Read a file: a list of connections, a page with all of them, or a single connection.

    Raises ``UnreadableDocument`` if it is not JSON. All other mistakes are in the document's
    ``mistakes``.
    """
    document = Document()
    try:
        content = connections_of(load(data))
    except UnusableContent as error:
        document.mistakes.append(error.mistake)
        return document
    places: dict[str, str] = {}
    for number, item in enumerate(content, start=1):
        place = _place(number, item)
        if not isinstance(item, dict):
            document.mistakes.append(ImportIssue(place, _("This must be an object, in braces.")))
            continue
        reader = ObjectReader(item, place, _NESTED)
        entry = _entry(reader, document, options=item.get("options"))
        if entry is not None:
            first = places.setdefault(entry.name.lower(), place)
            if first is not place:
                reader.refuse(
                    "name",
                    _("The same name (names do not differ by case alone) as in: %(first)s.")
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


def _entry(reader: ObjectReader, document: Document, options: Any) -> ConnectionEntry | None:
    """Return the entry; None if it is not an Azure AD connection or has no name."""
    strategy = _required(reader, "strategy")
    if strategy is None:
        reader.text("name")
        return None
    if strategy != STRATEGY:
        document.skipped += 1
        reader.note(
            _("skipped, because its strategy is “%(strategy)s”, not “waad”.")
            % {"strategy": shown(strategy)}
        )
        return None
    name = _required(reader, "name")
    named_directories: dict[str, str] = {}
    fields, keys = _fields(reader, named_directories)
    tenant_id, tenant_id_key = _tenant_id(reader, named_directories)
    secret = reader.text(CLIENT_SECRET, strip=False) or None
    is_masked = secret is not None and is_placeholder(secret)
    entry = ConnectionEntry(
        place=reader.place,
        name=name or "",
        fields=MappingProxyType(fields),
        keys=MappingProxyType(keys),
        secret=None if is_masked else secret,
        has_placeholder=is_masked,
        secret_expires_at=_time(reader, CLIENT_SECRET_EXPIRES_AT),
        credentials=read_credentials(reader),
        tenant_id=tenant_id,
        tenant_id_key=tenant_id_key,
        clients=reader.texts(ENABLED_CLIENTS),
        aliases=_aliases(reader),
        directories=_directories(reader),
        mappings=_mappings(reader),
        options_withheld=options is None or options == {},
        has_empty_options=options == {},
    )
    _note_ignored(reader, name)
    return entry if name else None


def _required(reader: ObjectReader, key: str) -> str | None:
    before = len(reader.mistakes)
    value = reader.text(key)
    if not value and len(reader.mistakes) == before:
        reader.refuse(key, _("This key is missing."))
    return value or None


def _fields(
    reader: ObjectReader, named_directories: dict[str, str]
) -> tuple[dict[str, Value], dict[str, str]]:
    """Return values and keys of the fields. Directory IDs given in place of a domain are added to
    ``named_directories``, with their keys."""
    fields: dict[str, Value] = {}
    keys: dict[str, str] = {}
    for option in OPTIONS:
        for key in filter(None, (option.other_key, option.key)):
            value = _value(reader, key, option)
            if option.field == "domain" and isinstance(value, str) and not _is_domain(value):
                if is_guid(value):
                    named_directories.setdefault(value.lower(), key)
                continue
            if value is not None:
                if fields.get(option.field, value) != value:
                    reader.note(
                        _("%(other)s differs from %(key)s, and is ignored.")
                        % {"other": option.other_key, "key": option.key}
                    )
                fields[option.field], keys[option.field] = value, key
    return fields, keys


def _value(reader: ObjectReader, key: str, option: Option) -> Value | None:
    if option.kind is list:
        texts = reader.texts(key)
        return None if texts is None else list(dict.fromkeys(texts))
    if option.kind is bool:
        return reader.flag(key)
    if option.kind is int:
        return reader.number(key)
    value = reader.text(key)
    if value is None:
        return None
    if option.field == "client_id":
        return _client_id(value)
    return value if option.values is None else _choice(reader, key, value, option.values)


def _is_domain(value: str) -> bool:
    """Return whether the value is a domain: Auth0 also accepts a directory ID here, and the path
    segment of the common endpoint."""
    return bool(value) and value.lower() not in _NO_DOMAINS and not is_guid(value)


def _choice(reader: ObjectReader, key: str, value: str, values: Mapping[str, str]) -> str | None:
    if value not in values:
        reader.refuse(key, _("This must be one of: %(values)s.") % {"values": ", ".join(values)})
    return values.get(value)


def _client_id(value: str) -> str:
    try:
        return clean_client_id(value)
    except ValidationError:
        # The model's validation reports what is wrong.
        return value


def _aliases(reader: ObjectReader) -> tuple[str, ...] | None:
    values = reader.texts(DOMAIN_ALIASES)
    if values is None:
        return None
    domains: dict[str, None] = {}
    for value in filter(str.strip, values):
        try:
            domains[clean_alias(value)] = None
        except ValidationError as error:
            for message in error.messages:
                reader.refuse(DOMAIN_ALIASES, f"“{shown(value)}”: {message}")
    return tuple(domains)


def _directories(reader: ObjectReader) -> tuple[DirectoryEntry, ...] | None:
    items = reader.objects(DIRECTORIES)
    if items is None:
        return None
    entries: dict[str, DirectoryEntry] = {}
    for item in items:
        tenant_id = _guid(item, "tenant_id")
        status = item.text("status")
        if status is not None:
            status = _choice(item, "status", status, _DIRECTORY_STATUSES)
        admitted_by = item.text("admitted_by")
        if admitted_by is not None:
            admitted_by = _choice(item, "admitted_by", admitted_by, _ADMITTED_BY)
        domain = item.text("domain")
        _note_left_over(item)
        if tenant_id in entries:
            item.refuse("tenant_id", _("This directory is given twice."))
        elif tenant_id:
            entries[tenant_id] = DirectoryEntry(item.place, tenant_id, status, domain, admitted_by)
    return tuple(entries.values())


def _mappings(reader: ObjectReader) -> tuple[MappingEntry, ...] | None:
    items = reader.objects(GROUP_MAPPINGS)
    if items is None:
        return None
    entries: dict[tuple[str, str, str | None], MappingEntry] = {}
    for item in items:
        group_id, role = _group_or_role(item)
        group = item.text("group", strip=False) or None
        label, admits = item.text("label"), item.flag("admits")
        _note_left_over(item)
        key = group_id, role, group
        if key in entries:
            item.refuse("role" if role else "directory_group_id", _("This mapping is given twice."))
        elif group_id or role:
            entries[key] = MappingEntry(item.place, group_id, role, group, label, admits)
    return tuple(entries.values())


def _group_or_role(item: ObjectReader) -> tuple[str, str]:
    """Return a mapping's group and role, one of which is "". Both are if neither can be used."""
    role = item.text("role") or ""
    if not role:
        return _guid(item, "directory_group_id") or "", ""
    if item.text("directory_group_id"):
        item.refuse("role", " ".join(group_or_role().messages))
        return "", ""
    return "", role


def _guid(reader: ObjectReader, key: str) -> str | None:
    value = _required(reader, key)
    if value and not is_guid(value):
        reader.refuse(key, _("This must be a GUID."))
        return None
    return value.lower() if value else None


def _tenant_id(
    reader: ObjectReader, named_directories: Mapping[str, str]
) -> tuple[str | None, str]:
    found: dict[str, str] = {}
    for key in TENANT_IDS:
        value = reader.text(key)
        if value and not is_guid(value):
            reader.refuse(key, _("This must be the directory's ID, a GUID."))
        elif value:
            found.setdefault(value.lower(), key)
    for value, key in named_directories.items():
        found.setdefault(value, key)
    if len(found) > 1:
        first, second, *_others = found.values()
        reader.refuse(second, _("This directory differs from the one in %s.") % first)
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
    # Years outside are placeholders (.NET writes the year 1) and break date arithmetic.
    if not 2000 <= moment.year <= 9000:
        reader.refuse(
            key, _("This must be a date or a time such as 2027-01-31 or 2027-01-31T09:00:00Z.")
        )
        return None
    return moment


def _note_ignored(reader: ObjectReader, name: str | None) -> None:
    if reader.flag(BASIC_PROFILE) is False:
        reader.note(_("%(key)s: the basic profile is always read.") % {"key": BASIC_PROFILE})
    _note_left_over(reader, name)


def _note_left_over(reader: ObjectReader, name: str | None = None) -> None:
    ignored = [
        shown(path)
        for path, value in reader.left_over()
        if path not in _DESCRIPTIVE
        and _ALREADY_SO.get(path) != value
        and not (path == "realms" and value == [name])
    ]
    if ignored:
        reader.note(_("not supported, ignored: %(keys)s.") % {"keys": ", ".join(ignored)})
