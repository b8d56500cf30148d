"""Reference of the log: the kinds of an event, and the comments above them."""

from __future__ import annotations

import ast

from azuread_connections.models import Event

from .markdown import code, page, table
from .source import PACKAGE, module

_INTRODUCTION = """Each line of the log is an *Event* in the database, and a line of Python's logger
`azuread_connections` that begins with the kind. [The log](../operating.md#the-log) shows examples,
and says how long it is kept and what limits it. Other programs can rely on the kinds."""


def write() -> str:
    rows = [
        (code(kind.value), str(kind.label), text)
        for kind, text in zip(Event.Kind, _texts(), strict=True)
    ]
    return page(
        "Events of the log",
        "azuread_connections/models/event.py",
        _INTRODUCTION,
        table(("Kind", "In the admin", "What happened"), rows),
    )


def _texts() -> list[str]:
    source = module(PACKAGE / "models" / "event.py")
    members = [n for n in source.class_named("Event", "Kind").body if isinstance(n, ast.Assign)]
    texts = [source.comment_above(member.lineno) for member in members]
    if not all(texts):
        raise ValueError("models/event.py: a kind has no comment above it")
    return texts
