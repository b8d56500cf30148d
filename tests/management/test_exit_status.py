from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from azuread_connections.management.exit_status import FAILED, FOUND, ExitStatusCommand, reason_of


class Command(ExitStatusCommand):
    status = 0
    error: Exception | None = None

    def run(self, **options: Any) -> int:
        if self.error:
            raise self.error
        return self.status

    def describe_failure(self, error: Exception) -> str:
        return f"It failed: {reason_of(error)}"


def exit_status(command: Command, *arguments: str) -> int:
    """What a process ends with that runs the command with these arguments."""
    try:
        command.run_from_argv(["manage.py", "command", *arguments])
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


@pytest.mark.parametrize("status", [0, FOUND, FAILED])
def test_the_status_of_the_run_is_that_of_the_process(status: int) -> None:
    command = Command()
    command.status = status
    assert exit_status(command) == status


@pytest.mark.parametrize("error", [ValueError("x"), CommandError("x")])
@pytest.mark.parametrize("arguments", [(), ("--traceback",)])
def test_no_error_ends_with_the_status_of_a_finding(
    error: Exception, arguments: tuple[str, ...]
) -> None:
    command = Command()
    command.error = error
    assert exit_status(command, *arguments) == FAILED


def test_an_error_is_one_line() -> None:
    command = Command()
    command.error = ValueError("no such table\nLINE 1: SELECT")
    with pytest.raises(CommandError, match=r"^It failed: no such table$"):
        call_command(command)


def test_an_error_without_a_text_is_named_by_its_class() -> None:
    assert reason_of(KeyError()) == "KeyError"
