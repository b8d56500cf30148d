"""Reads the claims of an ID token that a connection keeps in the profile, and checks its roles.

A directory can write anything into a claim, so number, size and types are limited. What is kept
describes a person; it never decides who somebody is or what they may do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...entra.id_token import IdTokenClaims
from ...entra.text import storable
from ...models import Connection
from ...models.optional_claims import MOST_NAMES, RESERVED_CLAIMS

#: Characters of one text, entries of one list, and characters of all kept claims as JSON.
MAX_TEXT = 1000
MAX_ENTRIES = 50
MAX_TOTAL = 8000
#: Larger whole numbers are not exact in JavaScript and in some databases (RFC 8259 section 6).
_MAX_NUMBER = 2**53 - 1


@dataclass(frozen=True)
class KeptClaims:
    """``values``: the claims by their names. ``problems``: what was ignored, as sentences without
    the value."""

    values: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def read_kept_claims(connection: Connection, claims: IdTokenClaims) -> KeptClaims:
    """Return the connection's optional claims that the token has. A claim of another type than
    text, number, truth value or a list of these, or that is too large, is ignored."""
    values: dict[str, Any] = {}
    problems = _odd_roles(claims) if connection.app_roles else []
    left = MAX_TOTAL
    for name in _names(connection):
        value = claims.everything.get(name)
        if value is None:
            continue
        if not _is_value(value) and not _is_list(value):
            problems.append(f"The claim “{name}” is neither text, number nor a list of these.")
            continue
        value = _as_stored(value)
        size = len(name) + len(json.dumps(value))
        if not _fits(value) or size > left:
            problems.append(f"The claim “{name}” is too large to be kept.")
            continue
        values[name] = value
        left -= size
    return KeptClaims(values, tuple(problems))


def _names(connection: Connection) -> list[str]:
    """Return the names of the connection's list. A list that was stored without validation can have
    anything in it, a reserved name too."""
    stored = connection.optional_claims
    found = stored if isinstance(stored, list) else []
    names = [name for name in found if isinstance(name, str)]
    allowed = [name for name in names if name.lower() not in RESERVED_CLAIMS]
    return list(dict.fromkeys(allowed))[:MOST_NAMES]


def _odd_roles(claims: IdTokenClaims) -> list[str]:
    """Return a sentence if the claim `roles` has something that is not a role."""
    sent = claims.everything.get("roles")
    if sent is None:
        return []
    if not isinstance(sent, list):
        return ["The claim “roles” is not a list, so it gives no role."]
    known = set(claims.roles)
    odd = sum(1 for role in sent if not isinstance(role, str) or role not in known)
    return [f"The claim “roles” has {odd} entries that are not roles."] if odd else []


def _is_value(value: object) -> bool:
    return isinstance(value, str | bool | int | float)


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(_is_value(entry) for entry in value)


def _fits(value: Any) -> bool:
    """Return whether it is small enough. Infinity, which JSON's 1e400 becomes, is not."""
    if isinstance(value, list):
        return len(value) <= MAX_ENTRIES and all(_fits(entry) for entry in value)
    if isinstance(value, str):
        return len(value) <= MAX_TEXT
    return bool(-_MAX_NUMBER <= value <= _MAX_NUMBER)


def _as_stored(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_stored(entry) for entry in value]
    return storable(value) if isinstance(value, str) else value
