"""The connections that a command works on."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.management.base import CommandError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from azuread_connections.models import Connection
from azuread_connections.models.batches import each_row

PAGE_SIZE = 100


def chosen_connections(names: list[str], *, check_first: bool = False) -> Iterator[Connection]:
    """Yield the connections with these names, in the given order, each once; without names, all,
    sorted by name, with no more memory for many than for few.

    Raises ``CommandError`` for names of no connection: after the others were yielded, or with
    ``check_first`` before any is.
    """
    connections = Connection._default_manager.all()
    if not names:
        yield from each_row(connections, PAGE_SIZE, key="name_key")
        return
    if check_first:
        named_connections(names)
    missing = []
    for key, name in _by_key(names).items():
        connection = connections.filter(name_key=key).first()
        if connection is None:
            missing.append(name)
        else:
            yield connection
    if missing:
        raise _no_such_connection(missing)


def named_connections(names: list[str]) -> QuerySet[Connection]:
    """Return the connections with these names; without names, all. Raises ``CommandError`` for
    names of no connection."""
    connections = Connection._default_manager.all()
    if not names:
        return connections
    chosen = _by_key(names)
    connections = connections.filter(name_key__in=chosen)
    known = set(connections.values_list("name_key", flat=True))
    if missing := [name for key, name in chosen.items() if key not in known]:
        raise _no_such_connection(missing)
    return connections


def _by_key(names: list[str]) -> dict[str, str]:
    return {name.lower(): name for name in names}


def _no_such_connection(names: list[str]) -> CommandError:
    return CommandError(_("There is no connection called %(names)s.") % {"names": ", ".join(names)})
