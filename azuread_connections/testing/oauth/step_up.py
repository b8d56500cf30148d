"""What a request asks about the person's authentication: its age, and authentication contexts.

https://learn.microsoft.com/entra/identity-platform/developer-guide-conditional-access-authentication-context
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..directory.directories import Person
from ..server.call import Call
from ..server.state import BrowserSession
from .ask import Ask
from .errors import Refusal


@dataclass(frozen=True)
class Wanted:
    """`max_age`: seconds, or None. `auth_time`: the ID token shall say when the person signed in.
    `contexts`: the authentication contexts that they shall meet."""

    max_age: int | None = None
    auth_time: bool = False
    contexts: tuple[str, ...] = ()

    def met_by(self, person: Person) -> tuple[str, ...]:
        """The wanted contexts that the person's directory has published: picking an account here
        meets them, as a second factor would."""
        published = person.directory.authentication_contexts
        return tuple(context for context in self.contexts if context in published)

    def is_remembered(self, session: BrowserSession, person: Person, now: float) -> bool:
        """Whether what the person did in this browser before is enough."""
        age = now - session.authenticated.get(person.object_id, 0)
        met = session.contexts.get(person.object_id, set())
        return (self.max_age is None or age <= self.max_age) and set(self.met_by(person)) <= met


def wanted(call: Call, ask: Ask) -> Wanted:
    """What a request asks for. v1.0 knows no `claims`."""
    max_age = ask.params.get("max_age", "")
    if max_age and not (max_age.isascii() and max_age.isdigit()):
        raise Refusal(90023)
    age = int(max_age) if max_age else None
    if call.version == "v1.0":
        return Wanted(age)
    asked = _id_token(ask.params.get("claims", ""))
    acrs = asked.get("acrs") or {}
    values = [*acrs.get("values", ()), acrs.get("value")]
    contexts = tuple(value for value in values if isinstance(value, str))
    return Wanted(age, "auth_time" in asked or age is not None, contexts)


def _id_token(claims: str) -> dict[str, Any]:
    if not claims:
        return {}
    try:
        asked = json.loads(claims)
        of_id_token = asked.get("id_token") or {}
        return dict(of_id_token)
    except (ValueError, AttributeError):
        raise Refusal(90023) from None
