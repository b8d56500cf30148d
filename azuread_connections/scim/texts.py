"""Refuses texts that databases do not store."""

from __future__ import annotations

from typing import Any

from ..entra.text import is_storable
from .errors import ScimError


def check_texts(value: Any, path: str = "") -> None:
    """Raise ``ScimError`` for a text that databases do not store, in a JSON value or its names.

    To be called for a body, and again for what a path has brought: the texts in it have escapes of
    their own.
    """
    if isinstance(value, str):
        if not is_storable(value):
            raise ScimError(
                400,
                "invalidValue",
                f"The value of {path or 'the body'} has a character that cannot be stored: NUL or "
                "half of a surrogate pair.",
            )
    elif isinstance(value, dict):
        for name, each in value.items():
            check_texts(name, path or "a name")
            check_texts(each, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            check_texts(each, f"{path}[{number}]")
