from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from azuread_connections.management.selection import chosen_connections
from azuread_connections.models import Revocation


class Command(BaseCommand):
    help = (
        "Sign out everyone who signed in with a connection, as the button in the admin does: the "
        "sessions end within SESSION_CHECK_SECONDS, and with them what clients were given. Run it "
        "with --all after a backup was restored, which brings back sessions that had ended. "
        "Exit status: 1 if a named connection does not exist; the others' sessions still end."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="of connections")
        parser.add_argument("--all", action="store_true", help="of all connections")

    def handle(self, *, names: list[str], all: bool, **options: Any) -> None:
        if bool(names) == all:
            raise CommandError(_("Name connections, or give --all."), returncode=2)
        for connection in chosen_connections(names):
            Revocation.everybody(connection)
            self.stdout.write(_("%s: everyone is signed out.") % connection.name)
