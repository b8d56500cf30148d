"""The connections that a command works on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from azuread_connections.models import Connection
from azuread_connections.models.batches import in_pages

PAGE_SIZE = 100


def chosen_connections(names: list[str]) -> Iterator[Connection]:
    """Yield the connections with these names, in the given order, each once; without names, all.

    Raises ``CommandError`` for names of no connection, after the others were yielded.
    """
    if not names:
        yield from all_connections()
        return
    missing = []
    for key, name in {name.lower(): name for name in names}.items():
        connection = Connection._default_manager.filter(name_key=key).first()
        if connection is None:
            missing.append(name)
        else:
            yield connection
    if missing:
        raise no_such_connection(missing)


def all_connections() -> Iterator[Connection]:
    """Yield all connections, sorted by name, with no more memory for many than for few."""
    connections = Connection._default_manager.all()
    return chain.from_iterable(in_pages(connections, PAGE_SIZE, key="name_key"))


def no_such_connection(names: list[str]) -> CommandError:
    return CommandError(_("There is no connection called %(names)s.") % {"names": ", ".join(names)})
