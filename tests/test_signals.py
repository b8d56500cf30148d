"""Signals are public: each one is documented, with what it is sent with."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.dispatch import Signal

from azuread_connections import signals
from project.reference import signals_page

PACKAGE = Path(signals.__file__).parent
SIGNALS = [name for name, value in vars(signals).items() if isinstance(value, Signal)]
#: Sent under other names than their own.
ALIASES = {"provisioned": "signal", "deprovisioned": "signal"}


def sent_with(signal: str) -> set[str]:
    """The keyword arguments of each ``send`` of it in the source."""
    found: set[str] = set()
    for file in PACKAGE.rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and re.fullmatch(
                rf"(signals\.)?{ALIASES.get(signal, signal)}\.send(_robust)?",
                ast.unparse(call.func),
            ):
                found |= {word.arg for word in call.keywords if word.arg}
    return found - {"sender"}


@pytest.mark.parametrize("signal", SIGNALS)
def test_each_signal_is_described_with_its_arguments(signal: str) -> None:
    text = dict(signals_page.texts())[signal]
    arguments = re.search(r"Arguments: (.*)", text, re.DOTALL)
    assert arguments, "signals.py: the text does not say what it is sent with"
    sent = sent_with(signal)
    assert sent, "the test finds no place that sends it"
    missing = [name for name in sent if f"``{name}``" not in arguments[1]]
    assert not missing, "signals.py: the text lacks an argument"
