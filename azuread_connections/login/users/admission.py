"""Rules of optional sub-apps about who may sign in, and what they know about a person.

A sub-app adds its rule in ``AppConfig.ready``, so that the core need not know of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...entra.id_token import IdTokenClaims
from ...models import Connection

#: ``rule(connection, claims)`` raises ``SignInFailed`` for a person who may not sign in. It returns
#: what it knows of the extended profile, under the names of ``entra.graph.PROFILE_NAMES``.
AdmissionRule = Callable[[Connection, IdTokenClaims], Mapping[str, Any]]

_rules: dict[str, AdmissionRule] = {}


def add_rule(name: str, rule: AdmissionRule) -> None:
    """Add a rule. A name that is known is replaced."""
    _rules[name] = rule


def has_rules() -> bool:
    """Return whether a sub-app has a rule. Without one, a caller need not read the connection."""
    return bool(_rules)


def check_rules(connection: Connection, claims: IdTokenClaims) -> dict[str, Any]:
    """Return what all rules know about a person who signs in. Raises ``SignInFailed``."""
    known: dict[str, Any] = {}
    for rule in _rules.values():
        known |= rule(connection, claims)
    return known
