"""Parsers of numbers with limits, for ``add_argument``."""

from __future__ import annotations

from argparse import ArgumentTypeError

from azuread_connections.defaults import MAX_DAYS

MAX_BATCH = 10_000


def days(text: str) -> int:
    """Parse a number of days; 0 means today."""
    return _number(text, "a number of days", least=0, most=MAX_DAYS)


def batch_size(text: str) -> int:
    """Parse the number of rows in a batch."""
    return _number(text, "a number", least=1, most=MAX_BATCH)


def _number(text: str, what: str, *, least: int, most: int) -> int:
    # Check the length first: int() raises another error for thousands of digits.
    if not text.isdecimal() or len(text) > len(str(most)) or not least <= int(text) <= most:
        raise ArgumentTypeError(f"give {what} between {least} and {most}, not {text[:40]!r}")
    return int(text)
