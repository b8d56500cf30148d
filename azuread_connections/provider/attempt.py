"""One look at an authorization request: what it asks of the person and of Microsoft."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from ..login.flows.begin import SELECT_ACCOUNT
from ..login.state.session import SignIn

Parameters = list[tuple[str, str]]

#: Microsoft authenticates the person, though somebody is signed in there.
LOGIN = "login"
_PROMPTS = frozenset({"none", LOGIN, "consent", SELECT_ACCOUNT})
#: Seconds by which Microsoft's clock may be behind ours.
_LEEWAY = 120
_MAX_AGE = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Attempt:
    """One look at an authorization request. ``began_at``: seconds since 1970.

    ``is_resumed``: the person has been sent to sign in for it, and with ``asks_login`` to
    authenticate again. ``is_consent_given``: they have just agreed to it. ``is_confirmed``: they
    have just said that they want to go on to the client.
    """

    parameters: Parameters
    began_at: float
    is_resumed: bool = False
    asks_login: bool = False
    is_consent_given: bool = False
    is_confirmed: bool = False

    def get(self, name: str) -> str:
        return next((value for key, value in self.parameters if key == name), "")

    @property
    def prompts(self) -> frozenset[str]:
        return frozenset(self.get("prompt").split())


class Refused(Exception):
    """The request is answered with an error of OpenID Connect Core section 3.1.2.6."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error, self.description = error, description


def check_prompts(attempt: Attempt) -> None:
    prompts = attempt.prompts
    if not prompts <= _PROMPTS:
        raise Refused("invalid_request", "prompt has an unknown value.")
    if "none" in prompts and len(prompts) > 1:
        raise Refused("invalid_request", "prompt=none goes with no other value.")
    if (max_age := attempt.get("max_age")) and not _MAX_AGE.fullmatch(max_age):
        raise Refused("invalid_request", "max_age is not a number of seconds.")


def is_authentication_fresh(attempt: Attempt, proof: SignIn) -> bool:
    """Return whether the person has authenticated as lately as the client asks.

    Only Microsoft's word counts (``auth_time``): a browser can leave out what it was told to ask
    for, and Microsoft may let people in without asking them anything.
    """
    wants_login, max_age = LOGIN in attempt.prompts, attempt.get("max_age")
    if not wants_login and not max_age:
        return True
    known = proof.authenticated_at
    if attempt.is_resumed and min(proof.at, known + _LEEWAY) >= attempt.began_at:
        return True
    return not wants_login and bool(known) and time.time() - known <= int(max_age)
