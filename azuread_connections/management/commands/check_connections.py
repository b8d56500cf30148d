from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from azuread_connections.diagnostics.probe import Step, StepResult, probe
from azuread_connections.diagnostics.selection import all_connections, named_connections


class Command(BaseCommand):
    help = (
        "Ask Microsoft whether connections work, as far as possible without a person signing in: "
        "the directory, the keys, the client secrets, the application permissions. "
        "Exit status: 0 all passed, 1 something failed or a named connection does not exist."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="default: all connections")

    def handle(self, *, names: list[str], **options: Any) -> None:
        chosen = named_connections(names) if names else all_connections()
        missing = {name.lower(): name for name in names}
        failed = False
        for connection in chosen:
            missing.pop(connection.name_key, None)
            self.stdout.write(self.style.MIGRATE_HEADING(connection.name))
            for step in probe(connection):
                failed = failed or step.outcome is StepResult.FAILED
                self._print(step)
        if missing:
            raise CommandError(
                _("There is no connection called %(names)s.")
                % {"names": ", ".join(missing.values())}
            )
        if failed:
            sys.exit(1)

    def _print(self, step: Step) -> None:
        marks = {
            StepResult.PASSED: self.style.SUCCESS("+"),
            StepResult.FAILED: self.style.ERROR("x"),
            StepResult.UNKNOWN: "-",
        }
        self.stdout.write(f"  {marks[step.outcome]} {step.title}: {step.found}")
        if step.remedy:
            self.stdout.write(f"      {step.remedy}")
