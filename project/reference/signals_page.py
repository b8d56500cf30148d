"""Reference of the signals: the texts below them in signals.py."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator

from .markdown import page
from .source import PACKAGE, module

_INTRODUCTION = """In `azuread_connections.signals`. Receivers get keyword arguments only; none
contains a secret or a token. [Signals](../settings.md#signals) says what an exception in a receiver
does, and which signals of Django's are sent."""


def write() -> str:
    sections = [
        f"## `{name}`\n\n{text.replace('``', '`').replace('Arguments:', '**Arguments:**')}"
        for name, text in texts()
    ]
    return page("Signals", "azuread_connections/signals.py", _INTRODUCTION, *sections)


def texts() -> Iterator[tuple[str, str]]:
    """Yield each signal and its text. Raises ``ValueError`` where a text is missing."""
    body = module(PACKAGE / "signals.py").tree.body
    for node, after in zip(body, [*body[1:], None], strict=True):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name("Signal"))):
                match after:
                    case ast.Expr(value=ast.Constant(value=str(text))):
                        yield name, inspect.cleandoc(text)
                    case _:
                        raise ValueError(f"signals.py: there is no text below {name}")
