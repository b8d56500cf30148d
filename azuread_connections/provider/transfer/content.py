"""Finds clients, APIs and grants in the output of Auth0's Management API and deploy CLI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from django.utils.translation import gettext as _

from ...transfer.document import shown
from ...transfer.pages import UnusableContent, describe_error, require_all

Kind = Literal["clients", "apis", "grants"]

#: The keys of each kind: the deploy CLI's, and that of a page of the Management API.
_KEYS: dict[Kind, tuple[str, ...]] = {
    "clients": ("clients",),
    "apis": ("resourceServers", "resource_servers"),
    "grants": ("clientGrants", "client_grants"),
}
#: Keys of a page that are not about its content.
_OF_A_PAGE = frozenset({"start", "limit", "length", "total", "next"})
#: Of these, an entry has at least one.
_OF_A_CLIENT = frozenset({"client_id", "app_type", "callbacks"})


@dataclass
class Content:
    """The lists of a file, not yet read. ``others``: its keys that are not imported."""

    lists: dict[Kind, list[Any]] = field(default_factory=dict)
    connections: list[Any] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def of(self, kind: Kind) -> list[Any]:
        return self.lists.get(kind, [])


def find_content(content: Any) -> Content:
    """Return what a file contains: a list of clients, a page with all of them, the deploy CLI's
    document, or a single client.

    Raises ``UnusableContent``, also for one page of several, which would be incomplete.
    """
    if isinstance(content, list):
        return Content({"clients": content})
    if isinstance(content, dict):
        found = _of_object(content)
        if found is not None:
            return found
    raise UnusableContent(
        _(
            "This must be a list of clients, or an object with “clients”, “resourceServers” or "
            "“clientGrants”."
        )
    )


def _of_object(content: Mapping[str, Any]) -> Content | None:
    found = Content()
    for kind, keys in _KEYS.items():
        for key in keys:
            if content.get(key) is not None:
                found.lists.setdefault(kind, []).extend(_entries(content, key))
    if found.lists:
        known = {key for keys in _KEYS.values() for key in keys} | _OF_A_PAGE
        connections = content.get("connections")
        found.connections = connections if isinstance(connections, list) else []
        found.others = [key for key, value in content.items() if key not in known and value]
        return found
    if _OF_A_CLIENT.intersection(content):
        return Content({"clients": [content]})
    if "error" in content or "statusCode" in content:
        raise UnusableContent(
            _("This is an error of the API, not a list of clients: %(error)s")
            % {"error": describe_error(content)}
        )
    return None


def _entries(content: Mapping[str, Any], key: str) -> list[Any]:
    entries = content[key]
    if not isinstance(entries, list):
        raise UnusableContent(_("“%(key)s” must be a list.") % {"key": shown(key)})
    require_all(content, key)
    return entries
