"""Numbers on the command line, with their limits: what parses them, for ``add_argument``."""

from __future__ import annotations

from argparse import ArgumentTypeError

from azuread_connections.conf import MAX_DAYS

MAX_BATCH = 10_000


def days(text: str) -> int:
    """Read a number of days, today included."""
    return _number(text, "a number of days", least=0, most=MAX_DAYS)


def batch_size(text: str) -> int:
    """Read how many rows are worked on at once."""
    return _number(text, "a number", least=1, most=MAX_BATCH)


def _number(text: str, what: str, *, least: int, most: int) -> int:
    # By length first: thousands of digits are refused by int() with an error of its own.
    if not text.isdecimal() or len(text) > len(str(most)) or not least <= int(text) <= most:
        raise ArgumentTypeError(f"give {what} between {least} and {most}, not {text[:40]!r}")
    return int(text)
