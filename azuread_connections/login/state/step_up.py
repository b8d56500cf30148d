"""What a sign-in has to prove beyond who somebody is: how lately the person authenticated at
Microsoft, and which authentication context of Conditional Access they met.

https://learn.microsoft.com/entra/identity-platform/developer-guide-conditional-access-authentication-context
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from django.http import HttpRequest

#: Seconds by which Microsoft's clock can differ from ours. An age is exceeded only this much later,
#: so that a person who has just authenticated is not asked again at once.
LEEWAY = 120
#: Microsoft's names of authentication contexts: "c1" to "c99".
_CONTEXT = re.compile(r"c[1-9][0-9]?")
_SECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)
#: Ten years and a bit: more than any session lasts.
_MAX_SECONDS = 999_999_999


@dataclass(frozen=True)
class StepUp:
    """``max_age``: seconds since the person authenticated, None for any time. ``acr``: the
    authentication context, such as "c1", "" for none."""

    max_age: int | None = None
    acr: str = ""

    def __bool__(self) -> bool:
        return self.max_age is not None or bool(self.acr)

    def is_met(self, authenticated_at: float, contexts: tuple[str, ...], now: float) -> bool:
        """Return whether these facts of a validated ID token meet it.

        ``authenticated_at``: `auth_time`, in seconds since 1970, 0 if the token has none.
        ``contexts``: `acrs`. A time in the future meets no age: it would stay new for ever.
        """
        return self._is_recent(authenticated_at, now) and (not self.acr or self.acr in contexts)

    def _is_recent(self, authenticated_at: float, now: float) -> bool:
        if self.max_age is None:
            return True
        return bool(authenticated_at) and -LEEWAY <= now - authenticated_at <= self.max_age + LEEWAY

    @property
    def without_acr(self) -> StepUp:
        return replace(self, acr="")

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of an address that begins such a sign-in; "" for those not needed."""
        return {"max_age": "" if self.max_age is None else str(self.max_age), "acr": self.acr}


#: A sign-in proves only who somebody is.
NOTHING = StepUp()


def required_by(max_age: int | None, acr: str) -> StepUp:
    """Return what a view's own code requires. Raises ``ValueError``, which names the argument."""
    if max_age is not None and (type(max_age) is not int or not 0 <= max_age <= _MAX_SECONDS):
        raise ValueError(f"max_age must be a number of seconds, such as 600, and not {max_age!r}.")
    if not isinstance(acr, str) or (acr and not _CONTEXT.fullmatch(acr)):
        raise ValueError(
            f"acr must be an authentication context of Microsoft's, c1 to c99, and not {acr!r}."
        )
    return StepUp(max_age, acr)


def requested_by(request: HttpRequest) -> StepUp:
    """Return what the parameters `max_age` and `acr` of a request ask for.

    Anybody can write or leave out parameters. They only decide what Microsoft is asked: a view
    compares the session with its own requirement. So an invalid value is ignored.
    """
    max_age, acr = request.GET.get("max_age", ""), request.GET.get("acr", "")
    return StepUp(
        int(max_age) if _SECONDS.fullmatch(max_age) else None,
        acr if _CONTEXT.fullmatch(acr) else "",
    )
