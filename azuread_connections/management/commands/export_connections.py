from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from azuread_connections.management.files import write_pieces
from azuread_connections.management.selection import named_connections
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
    yield from as_json(export_connections(named_connections(names)))
