"""Clients, APIs and grants in the shape of Auth0's Management API, read into entries."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ...models.validators import is_plain
from ...transfer.document import ImportIssue, ObjectReader, load, shown
from ...transfer.options import STRATEGY
from ...transfer.pages import UnusableContent
from ..models.api import parse_scope
from .client import read_client
from .content import Content, find_content
from .entry import APIEntry, Document, GrantEntry
from .fields import CLIENT_ID, NAME, NESTED
from .placeholders import Removed, remove_placeholders
from .reading import note_left_over, note_removed, required, skip

#: Clients that Auth0 makes in each tenant.
_SYSTEM_CLIENTS = frozenset(
    {
        "All Applications",
        "API Explorer",
        "API Explorer Application",
        "API Explorer Client",
        "auth0-deploy-cli-extension",
    }
)
#: Auth0's own APIs, at the tenant's host.
_SYSTEM_API = re.compile(r"https://[^/]+\.auth0\.com/(api/v2|userinfo|mfa|me|my-org)/?")

_API_DESCRIPTIVE = frozenset({"id", "is_system", "signing_secret", "client_id"})
#: Values that are always in effect here.
_API_ALREADY_SO: Mapping[str, Any] = {
    "allow_offline_access": True,
    "signing_alg": "RS256",
    "skip_consent_for_verifiable_first_party_clients": True,
    "token_dialect": "rfc9068_profile",
}
_GRANT_DESCRIPTIVE = frozenset({"id", "subject_type", "organization_usage"})


def parse(data: bytes) -> Document:
    """Read a file: a list of clients, a page with all of them, the deploy CLI's document, or a
    single client.

    Raises ``UnreadableDocument`` if it is not JSON. All other mistakes are in the document's
    ``mistakes``.
    """
    document = Document()
    try:
        content = find_content(load(data))
    except UnusableContent as error:
        document.mistakes.append(error.mistake)
        return document
    _read_clients(content, document)
    _read_apis(content, document)
    _read_grants(content, document)
    _note_others(content, document)
    return document


def _read_each(
    items: list[Any],
    document: Document,
    label: Callable[[int], str],
    name_key: str,
    read: Callable[[ObjectReader, dict[str, Any], Removed], None],
) -> None:
    """Call ``read`` for each entry, and collect its mistakes and notes."""
    for number, item in enumerate(items, start=1):
        place = label(number)
        if not isinstance(item, dict):
            document.mistakes.append(ImportIssue(place, _("This must be an object, in braces.")))
            continue
        name = item.get(name_key)
        if isinstance(name, str) and name and len(name) <= 200:
            place = f"{place} ({shown(name)})"
        removed = remove_placeholders(item)
        reader = ObjectReader(item, place, NESTED)
        read(reader, item, removed)
        document.mistakes += reader.mistakes
        document.notes += reader.notes


def _read_clients(content: Content, document: Document) -> None:
    connections = _connections_by_client(content)
    first_by: dict[str, dict[str, str]] = {NAME: {}, CLIENT_ID: {}}

    def read(reader: ObjectReader, item: dict[str, Any], removed: Removed) -> None:
        if _is_system_client(item):
            document.skipped_clients |= _texts(item, NAME, CLIENT_ID)
            document.skipped += 1
            skip(reader, _("it is one of Auth0's own."))
            return
        entry = read_client(reader, item, removed, connections)
        if entry is None:
            document.skipped_clients |= _texts(item, NAME, CLIENT_ID)
            document.skipped += not reader.mistakes
            return
        for key, value in ((NAME, entry.name), (CLIENT_ID, entry.client_id)):
            first = first_by[key].setdefault(value, reader.place) if value else reader.place
            if first is not reader.place:
                reader.refuse(key, _("The same as in: %(first)s.") % {"first": first})
        document.clients.append(entry)

    _read_each(
        content.of("clients"),
        document,
        lambda number: _("Client %(number)d") % {"number": number},
        NAME,
        read,
    )


def _is_system_client(item: Mapping[str, Any]) -> bool:
    return item.get("global") is True or bool(_texts(item, NAME) & _SYSTEM_CLIENTS)


def _texts(item: Mapping[str, Any], *keys: str) -> set[str]:
    values = (item.get(key) for key in keys)
    return {value for value in values if isinstance(value, str) and value}


def _connections_by_client(content: Content) -> Mapping[str, list[str]]:
    """Map client IDs, or the deploy CLI's names of clients, to names of connections.

    What else is in those entries, and whether it is valid, is ``import_connections``' business.
    """
    found: defaultdict[str, list[str]] = defaultdict(list)
    for item in content.connections:
        if not isinstance(item, dict) or item.get("strategy") != STRATEGY:
            continue
        name, clients = item.get("name"), item.get("enabled_clients")
        if isinstance(name, str) and is_plain(name) and isinstance(clients, list):
            for client in clients:
                if isinstance(client, str):
                    found[client].append(name)
    return found


def _read_apis(content: Content, document: Document) -> None:
    first_by: dict[str, str] = {}

    def read(reader: ObjectReader, item: dict[str, Any], removed: Removed) -> None:
        named = item.get("identifier")
        identifier = named if isinstance(named, str) else ""
        if reader.flag("is_system") or _SYSTEM_API.fullmatch(identifier):
            document.skipped_apis.add(identifier)
            document.skipped += 1
            skip(reader, _("it is one of Auth0's own."))
            return
        identifier = required(reader, "identifier", removed) or ""
        entry = APIEntry(
            place=reader.place,
            identifier=identifier,
            name=reader.text("name") or identifier,
            scopes=_scopes(reader, removed),
            token_lifetime=reader.number("token_lifetime"),
        )
        _note_api(reader)
        note_removed(reader, removed)
        if identifier:
            first = first_by.setdefault(identifier, reader.place)
            if first is not reader.place:
                reader.refuse("identifier", _("The same as in: %(first)s.") % {"first": first})
            document.apis.append(entry)

    _read_each(
        content.of("apis"),
        document,
        lambda number: _("API %(number)d") % {"number": number},
        "identifier",
        read,
    )


def _scopes(reader: ObjectReader, removed: Removed) -> dict[str, str] | None:
    items = reader.objects("scopes")
    if items is None:
        return None
    found: dict[str, str] = {}
    for item in items:
        value = required(item, "value", removed)
        description = item.text("description") or ""
        note_left_over(item)
        if value is None:
            continue
        if "=" in value:
            item.refuse("value", _("A scope cannot contain “=” here."))
            continue
        try:
            scope, meaning = parse_scope(f"{value}={description}")
        except ValidationError as error:
            for message in error.messages:
                item.refuse("value", message)
            continue
        if scope in found:
            item.refuse("value", _("This scope is given twice."))
        found[scope] = meaning
    return found


def _note_api(reader: ObjectReader) -> None:
    algorithm = reader.text("signing_alg")
    if algorithm not in {None, "", "RS256"}:
        reader.note(
            _("signing_alg: its tokens are signed with RS256 here, not %(algorithm)s.")
            % {"algorithm": shown(str(algorithm))}
        )
    if reader.flag("enforce_policies"):
        reader.note(_("enforce_policies: permissions and roles of people are the API's to decide."))
    # Of tokens for single-page applications, at Auth0 the shorter of both.
    reader.number("token_lifetime_for_web")
    note_left_over(reader, _API_DESCRIPTIVE, _API_ALREADY_SO)


def _read_grants(content: Content, document: Document) -> None:
    def read(reader: ObjectReader, item: dict[str, Any], removed: Removed) -> None:
        subject = reader.text("subject_type")
        client = required(reader, "client_id", removed) or ""
        audience = required(reader, "audience", removed) or ""
        scopes = reader.texts("scope") or ()
        note_left_over(reader, _GRANT_DESCRIPTIVE)
        note_removed(reader, removed)
        is_system = (
            client in document.skipped_clients
            or audience in document.skipped_apis
            or _SYSTEM_API.fullmatch(audience)
        )
        if is_system:
            document.skipped += 1
            skip(reader, _("its client or its API is not imported."))
        elif subject not in {None, "", "client"}:
            # As a grant here, it would let the client have these scopes for itself.
            document.skipped += 1
            skip(reader, _("it is for access on behalf of people, not for the client itself."))
        elif client and audience:
            document.grants.append(
                GrantEntry(reader.place, client, audience, tuple(dict.fromkeys(scopes)))
            )

    _read_each(
        content.of("grants"),
        document,
        lambda number: _("Client grant %(number)d") % {"number": number},
        "audience",
        read,
    )


def _note_others(content: Content, document: Document) -> None:
    if "connections" in content.others:
        document.notes.append(_("Import the connections of the file with import_connections."))
    others = [shown(key) for key in content.others if key != "connections"]
    if others:
        document.notes.append(
            _("File: not supported, ignored: %(keys)s.") % {"keys": ", ".join(others)}
        )
