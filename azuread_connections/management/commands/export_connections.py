from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

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
        try:
            pieces = as_json(export_connections(_named(options["names"])))
            if options["output"]:
                _write(Path(options["output"]), pieces)
            else:
                for piece in pieces:
                    self.stdout.write(piece, ending="")
        except DatabaseError as error:
            raise CommandError(str(error)) from error


def _named(names: list[str]) -> QuerySet[Connection]:
    connections = Connection._default_manager.all()
    if not names:
        return connections
    keys = {name.lower(): name for name in names}
    connections = connections.filter(name_key__in=keys)
    known = set(connections.values_list("name_key", flat=True))
    if unknown := [name for key, name in keys.items() if key not in known]:
        raise CommandError(
            _("There is no connection called %(names)s.") % {"names": ", ".join(unknown)}
        )
    return connections


def _write(file: Path, pieces: Iterable[str]) -> None:
    """Write the whole file or nothing: a partial file could be taken for all connections."""
    target = file.resolve()
    # A pipe or /dev/stdout cannot be replaced.
    is_stream = target.exists() and not target.is_file()
    draft = target if is_stream else target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with draft.open("w", encoding="utf-8") as stream:
            stream.writelines(pieces)
        if not is_stream:
            draft.replace(target)
    except OSError as error:
        raise CommandError(
            _("%(file)s cannot be written: %(reason)s.") % {"file": file, "reason": error.strerror}
        ) from error
    finally:
        if not is_stream:
            draft.unlink(missing_ok=True)
