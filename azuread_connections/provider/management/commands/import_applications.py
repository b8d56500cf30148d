from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from ....entra.frames import without_frame_variables
from ....management.files import read_file
from ....management.import_output import failure, refusal, result_lines
from ....transfer.document import UnreadableDocument
from ....transfer.importer import ImportRefused
from ...transfer.importer import import_applications


class Command(BaseCommand):
    help = (
        "Create and update OAuth clients, APIs and client grants from a JSON file in the shape of "
        "Auth0's Management API or deploy CLI. Client IDs and secrets are kept. The whole file is "
        "imported, or nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the JSON file, or - for standard input")
        parser.add_argument(
            "--dry-run", action="store_true", help="show what would change, and change nothing"
        )
        parser.add_argument(
            "--auth0-subjects",
            action="store_true",
            help="the clients go on to know people by Auth0's user IDs (“waad|” and the object ID)",
        )

    # The file contains client secrets: keep its values out of error reports.
    @without_frame_variables
    def handle(self, *, file: str, dry_run: bool, auth0_subjects: bool, **options: Any) -> None:
        try:
            result = import_applications(
                read_file(file), uses_auth0_subjects=auth0_subjects, dry_run=dry_run
            )
        except (UnreadableDocument, DatabaseError) as error:
            raise failure(error) from error
        except ImportRefused as error:
            raise refusal(error) from error
        for line in result_lines(result, dry_run=dry_run):
            self.stdout.write(line)
