"""Signals are public: each one is documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.dispatch import Signal

from azuread_connections import signals

SETTINGS_PAGE = Path(__file__).resolve().parent.parent / "docs/settings.md"
SIGNALS = [name for name, value in vars(signals).items() if isinstance(value, Signal)]


@pytest.mark.parametrize("signal", SIGNALS)
def test_each_signal_is_described(signal: str) -> None:
    described = re.search(rf"(?m)^``{signal}``:((?:.|\n)*?)\.", signals.__doc__ or "")
    assert described, "signals.py: the docstring does not say what it is sent with"
    row = re.search(rf"(?m)^\| `{signal}` \|([^|]*)\|", SETTINGS_PAGE.read_text())
    assert row, "docs/settings.md: the table has no row for it"
    arguments = re.findall(r"`(\w+)`", row[1])
    missing = [name for name in arguments if name != "None" and f"``{name}``" not in described[1]]
    assert not missing, "the two differ in what it is sent with"
