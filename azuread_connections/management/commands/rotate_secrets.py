from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.core.management.color import no_style
from django.db import DatabaseError
from django.utils.translation import gettext as _

from azuread_connections.conf import conf
from azuread_connections.credentials import rotation_plan as plan
from azuread_connections.credentials.rotation_step import Pace, RotationOutcome, RotationStep
from azuread_connections.management import arguments
from azuread_connections.management.exit_status import FAILED, FOUND, ExitStatusCommand, reason_of
from azuread_connections.management.selection import chosen_connections
from azuread_connections.models import Connection

from ...log_fields import LogEvent, log_fields

logger = logging.getLogger("azuread_connections")

KEEP_DAYS = 7


class Command(ExitStatusCommand):
    help = (
        "Replace client secrets and certificates that end soon, through Microsoft Graph, and "
        "remove those that were replaced some days ago. The app needs the application permission "
        "Application.ReadWrite.OwnedBy. Federated credentials do not end. "
        "Exit status: 0 all done, 1 something needs a person, 2 the run failed or is incomplete."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "names", nargs="*", metavar="NAME", help="connections (default: all that are due)"
        )
        parser.add_argument(
            "--within",
            type=arguments.days,
            metavar="DAYS",
            help="rotate what ends within this many days (default: the setting "
            "SECRET_WARNING_DAYS, 30)",
        )
        parser.add_argument(
            "--keep",
            type=arguments.days,
            default=KEEP_DAYS,
            metavar="DAYS",
            help="remove a replaced credential after this many days (default: 7)",
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="only say what would be done: write nothing, and ask Microsoft nothing",
        )

    def run(self, **options: Any) -> int:
        steps = self._steps(**options)
        if not steps:
            self.stdout.write(_("Nothing is due."))
        failed = [step for step in steps if step.outcome == RotationOutcome.FAILED]
        if any(not step.is_incomplete for step in failed):
            return FOUND
        return FAILED if any(step.is_incomplete for step in steps) else 0

    def describe_failure(self, error: Exception) -> str:
        return _why(error)

    def _steps(
        self, *, names: list[str], within: int | None, keep: int, dry_run: bool, **options: Any
    ) -> list[RotationStep]:
        within = conf.secret_warning_days if within is None else within
        pace = Pace(longer_than=timedelta(days=within))
        coloured = self.stdout.isatty() or options["force_color"]
        style = self.style if coloured else no_style()
        steps: list[RotationStep] = []
        for connection in chosen_connections(names, check_first=True):
            found = (
                plan.foresee(connection, within=within, keep=keep)
                if dry_run
                else plan.run(connection, within=within, keep=keep, pace=pace)
            )
            for step in _without_surprises(connection, found):
                steps.append(step)
                text = f"{step.connection}: {step.text}"
                is_failed = step.outcome == RotationOutcome.FAILED
                self.stdout.write(style.ERROR(text) if is_failed else text)
        return steps


def _without_surprises(
    connection: Connection, steps: Iterable[RotationStep]
) -> Iterator[RotationStep]:
    """Yield a connection's steps; an unforeseen error is its last one, so that the run goes on with
    the other connections. One of the database ends the run."""
    try:
        yield from steps
    except DatabaseError:
        raise
    except Exception as error:
        logger.exception(
            "The rotation of %s failed.",
            connection.name,
            extra=log_fields(LogEvent.ROTATION_ERROR, connection=connection.name),
        )
        yield RotationStep(connection.name, RotationOutcome.FAILED, _why(error), is_incomplete=True)


def _why(error: Exception) -> str:
    return _("The credentials could not be rotated: %(reason)s") % {"reason": reason_of(error)}
