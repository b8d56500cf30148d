from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from azuread_connections.diagnostics.signing_keys import KeyRefresh
from azuread_connections.entra.errors import EntraError
from azuread_connections.management.selection import chosen_connections
from azuread_connections.microsoft.wording import describe_error


class Command(BaseCommand):
    help = (
        "Fetch Microsoft's signing keys now, and forget every key that Microsoft does not "
        "currently publish. This is for an emergency: keys roll over without this command. If the "
        "processes do not share a cache, restart them instead. "
        "Exit status: 0 all fetched, 1 some could not be fetched and are unchanged, or a named "
        "connection does not exist."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="default: all connections")

    def handle(self, *, names: list[str], **options: Any) -> None:
        refresh = KeyRefresh(drop_unpublished=True)
        failed = False
        for connection in chosen_connections(names):
            if not connection.is_complete:
                self.stdout.write(_("%s: not set up yet.") % connection.name)
                continue
            try:
                number = refresh.refresh(connection)
            except EntraError as error:
                failed = True
                self.stdout.write(self.style.ERROR(f"{connection.name}: {describe_error(error)}"))
            else:
                text = ngettext("%d key is published.", "%d keys are published.", number) % number
                self.stdout.write(f"{connection.name}: {text}")
        if failed:
            sys.exit(1)
