from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.models import QuerySet

from azuread_connections.management.files import write_pieces
from azuread_connections.management.selection import no_such_connection
from azuread_connections.models import Connection
from azuread_connections.transfer.exporter import as_json, export_connections


class Command(BaseCommand):
    help = (
        "Write connections as JSON for import_connections, without client secrets: add those again "
        "after the import."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "names", metavar="NAME", nargs="*", help="connections to export (default: all)"
        )
        parser.add_argument(
            "--output", metavar="FILE", help="write to this file instead of standard output"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        write_pieces(self.stdout, options["output"], _pieces(options["names"]))


def _pieces(names: list[str]) -> Iterator[str]:
    yield from as_json(export_connections(_named(names)))


def _named(names: list[str]) -> QuerySet[Connection]:
    connections = Connection._default_manager.all()
    if not names:
        return connections
    keys = {name.lower(): name for name in names}
    connections = connections.filter(name_key__in=keys)
    known = set(connections.values_list("name_key", flat=True))
    if unknown := [name for key, name in keys.items() if key not in known]:
        raise no_such_connection(unknown)
    return connections
