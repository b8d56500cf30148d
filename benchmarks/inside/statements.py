"""Counts the statements of one request: those of data, and transaction control."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from benchmarks.inside.sign_in import recorded, transaction_control


def counted_statements(ask: Callable[[], Any]) -> dict[str, dict[str, int]]:
    """Return how many statements a call sends, by kind."""
    with transaction_control() as control, recorded() as data:
        ask()
    return {"data": _by_kind(data), "transaction": _by_kind(control)}


def _by_kind(statements: list[str]) -> dict[str, int]:
    return dict(Counter(sql.split()[0].upper() for sql in statements))
