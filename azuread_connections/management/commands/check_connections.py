from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from azuread_connections.diagnostics.probe import Step, StepResult, probe
from azuread_connections.management.selection import chosen_connections


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
        failed = False
        for connection in chosen_connections(names):
            self.stdout.write(self.style.MIGRATE_HEADING(connection.name))
            for step in probe(connection):
                failed = failed or step.outcome is StepResult.FAILED
                self._print(step)
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
