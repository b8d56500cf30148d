from __future__ import annotations

import sys
from argparse import ArgumentTypeError
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from azuread_connections.entra.frames import without_frame_variables
from azuread_connections.transfer.changes import Action
from azuread_connections.transfer.document import UnreadableDocument, shown
from azuread_connections.transfer.importer import (
    EntryResult,
    ImportRefused,
    ImportResult,
    import_connections,
)
from azuread_connections.transfer.verification import verify_domains

STDIN = "-"


class Command(BaseCommand):
    help = (
        "Create and update connections from a JSON file in the shape of Auth0's Management API. "
        "The whole file is imported, or nothing. Then Microsoft is asked whether the domains of "
        "changed connections belong to their directories."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the JSON file, or - for standard input")
        parser.add_argument(
            "--dry-run", action="store_true", help="show what would change, and change nothing"
        )
        parser.add_argument(
            "--application",
            action="append",
            default=[],
            type=_id_and_slug,
            metavar="ID=SLUG",
            help="the application for a client ID in enabled_clients; repeatable",
        )

        parser.add_argument(
            "--domain",
            action="append",
            default=[],
            type=_name_and_domain,
            metavar="NAME=DOMAIN",
            help="the domain of a connection that has none in the file; repeatable",
        )

    # The file contains client secrets: keep its values out of error reports.
    @without_frame_variables
    def handle(self, *args: Any, **options: Any) -> None:
        dry_run: bool = options["dry_run"]
        try:
            result = import_connections(
                _read(options["file"]),
                application_slugs=_mapping(options["application"], "--application"),
                domains=_mapping(options["domain"], "--domain"),
                dry_run=dry_run,
            )
        except (UnreadableDocument, ImproperlyConfigured, DatabaseError) as error:
            raise CommandError(f"{error}\n{_('Nothing was changed.')}") from error
        except ImportRefused as error:
            count = len(error.mistakes)
            heading = ngettext("%(count)d mistake.", "%(count)d mistakes.", count)
            lines = [heading % {"count": count}, *map(str, error.mistakes)]
            raise CommandError("\n".join([*lines, _("Nothing was changed.")])) from error
        self._print(result, dry_run=dry_run)

    def _print(self, result: ImportResult, *, dry_run: bool) -> None:
        if dry_run:
            self.stdout.write(_("Dry run: this is what would happen. Nothing was changed."))
        for outcome in result.outcomes:
            self.stdout.write(_line(outcome))
        for note in result.notes:
            self._note(note)
        if not dry_run:
            changed = [each.name for each in result.outcomes if each.action is not Action.NONE]
            for text in verify_domains(changed):
                self._note(shown(text))
        counts = Counter(outcome.action for outcome in result.outcomes)
        parts = [f"{counts[action]} {action.label}" for action in Action]
        if result.skipped:
            parts.append(_("%(count)d skipped") % {"count": result.skipped})
        self.stdout.write(", ".join(parts) + ".")

    def _note(self, text: str) -> None:
        self.stdout.write(_("Note: %(note)s") % {"note": text})


def _line(outcome: EntryResult) -> str:
    line = f"{outcome.name}: {outcome.action.label}"
    differences = "; ".join(map(str, outcome.differences))
    return f"{line} ({differences})" if differences else line


def _read(file: str) -> bytes:
    if file == STDIN:
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise CommandError(
            _("%(file)s cannot be read: %(reason)s.") % {"file": file, "reason": error.strerror}
        ) from error


def _id_and_slug(text: str) -> tuple[str, str]:
    # The last "=": a slug has none, and an ID can end in one.
    client, _equals, slug = text.rpartition("=")
    if not client or not slug:
        raise ArgumentTypeError(f"give ID=SLUG, not {text!r}")
    return client, slug


def _name_and_domain(text: str) -> tuple[str, str]:
    name, _equals, domain = text.partition("=")
    if not name or not domain:
        raise ArgumentTypeError(f"give NAME=DOMAIN, not {text!r}")
    return name.lower(), domain


def _mapping(pairs: list[tuple[str, str]], argument: str) -> dict[str, str]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        raise CommandError(_("%(argument)s: the same key is given twice.") % {"argument": argument})
    return mapping
