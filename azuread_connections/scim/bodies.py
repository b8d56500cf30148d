"""Bodies of requests and responses as the log stores them: readable, without secrets, bounded."""

from __future__ import annotations

import json
from typing import Any

from ..entra.text import storable
from .withheld import redacted

#: Characters of a body.
MAX_LENGTH = 8 * 1024
REMOVED = "[removed]"

_SECRET = "password"  # noqa: S105  # an attribute's name


def shown_body(body: bytes) -> str:
    """Return a body as it is stored: formatted if it is JSON, without passwords and tokens, cut
    after ``MAX_LENGTH`` characters with a mark that says so."""
    if not body:
        return ""
    text = body.decode("utf-8", "replace")
    try:
        text = json.dumps(_without_passwords(json.loads(text)), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        if _SECRET in text.lower():
            return "[not valid JSON, and it names a password: not stored]"
    return _cut(redacted(storable(text)))


def _cut(text: str) -> str:
    if len(text) <= MAX_LENGTH:
        return text
    return f"{text[:MAX_LENGTH]}\n… [cut: {len(text)} characters in all]"


def _without_passwords(value: Any) -> Any:
    """Return a JSON value without the attribute ``password`` (RFC 7643 section 4.1.1).

    It is a key of a resource, or the path of an operation. Names are compared without regard to
    case (section 2.1).
    """
    if isinstance(value, list):
        return [_without_passwords(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: REMOVED if _is_secret(key, value) else _without_passwords(each)
        for key, each in value.items()
    }


def _is_secret(key: str, parent: dict[str, Any]) -> bool:
    if _names_password(key):
        return True
    if key.lower() != "value":
        return False
    return any(name.lower() == "path" and _names_password(path) for name, path in parent.items())


def _names_password(name: Any) -> bool:
    """Return whether a name is ``password``, also with the schema's URN before it."""
    return isinstance(name, str) and name.strip().lower().rpartition(":")[2] == _SECRET
