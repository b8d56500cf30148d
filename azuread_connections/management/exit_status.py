"""Commands that can find something, and can fail: their exit statuses tell the two apart.

``check_connections`` and ``refresh_signing_keys`` do not derive from it. Whatever goes wrong at a
connection is what they report, and their documented statuses are 0 and 1. Those of
``reencrypt_secrets`` are its own.
"""

from __future__ import annotations

import sys
import traceback
from typing import Any

from django.core.management.base import BaseCommand, CommandError

FOUND, FAILED = 1, 2


class ExitStatusCommand(BaseCommand):
    """A command that exits with ``FOUND`` if it has something to report, and with ``FAILED`` after
    any error of its own, so that the two cannot be confused."""

    # A monitoring probe reports on its subject, not on the state of the project.
    requires_system_checks: list[str] = []

    def run(self, **options: Any) -> int:
        """Do the work, and return the exit status: 0, ``FOUND`` or ``FAILED``."""
        raise NotImplementedError

    def describe_failure(self, error: Exception) -> str:
        """Return the one line that is printed if ``run`` raises anything but a ``CommandError``."""
        raise NotImplementedError

    def run_from_argv(self, argv: list[str]) -> None:
        # An exception that escapes, such as a CommandError under --traceback, would exit with
        # Python's status 1, which here means that something was found.
        try:
            super().run_from_argv(argv)
        except Exception:
            traceback.print_exc()
            sys.exit(FAILED)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            status = self.run(**options)
        except CommandError as error:
            error.returncode = FAILED
            raise
        except Exception as error:
            raise CommandError(self.describe_failure(error), returncode=FAILED) from error
        if status:
            sys.exit(status)


def reason_of(error: Exception) -> str:
    """Return an error in one line: PostgreSQL appends the statement in further lines."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__
