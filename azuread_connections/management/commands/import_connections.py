from __future__ import annotations

from argparse import ArgumentTypeError
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils.translation import gettext as _

from azuread_connections.entra.frames import without_frame_variables
from azuread_connections.management.files import read_file
from azuread_connections.management.import_output import failure, refusal, result_lines
from azuread_connections.transfer.changes import Action
from azuread_connections.transfer.document import UnreadableDocument, shown
from azuread_connections.transfer.importer import (
    ImportRefused,
    ImportResult,
    import_connections,
)
from azuread_connections.transfer.verification import verify_domains


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
                read_file(options["file"]),
                application_slugs=_mapping(options["application"], "--application"),
                domains=_mapping(options["domain"], "--domain"),
                dry_run=dry_run,
            )
        except (UnreadableDocument, ImproperlyConfigured, DatabaseError) as error:
            raise failure(error) from error
        except ImportRefused as error:
            raise refusal(error) from error
        self._print(result, dry_run=dry_run)

    def _print(self, result: ImportResult, *, dry_run: bool) -> None:
        changed = [each.name for each in result.outcomes if each.action is not Action.NONE]
        remarks = map(shown, verify_domains([] if dry_run else changed))
        for line in result_lines(result, dry_run=dry_run, remarks=remarks):
            self.stdout.write(line)


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
