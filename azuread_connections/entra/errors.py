"""What goes wrong on Microsoft's side of the wire: one class per failure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_AADSTS = re.compile(r"AADSTS(\d{1,9})")
_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_TRACE_ID = re.compile(r"Trace ID: ([0-9a-fA-F-]{36})")
_CORRELATION_ID = re.compile(r"Correlation ID: ([0-9a-fA-F-]{36})")
#: Microsoft's texts are a few hundred characters; a forged one could be anything.
_MAX_TEXT = 1000


class EntraError(Exception):
    """Base of all errors of this package. ``str()`` is a sentence without secrets or tokens."""


class Unreachable(EntraError):
    """Microsoft did not answer in time, or asked to come back later.

    ``retry_after``: seconds that Microsoft asked for, if it did.
    """

    def __init__(self, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class MalformedAnswer(EntraError):
    """An answer that is not of the documented form, so nothing in it is believed."""


class IdTokenInvalid(EntraError):
    """An ID token that fails validation. ``str()`` names the rule that it breaks."""


class UnknownSigningKey(IdTokenInvalid):
    """The ID token names a key that the directory does not publish."""


class MicrosoftError(EntraError):
    """An OAuth error answer (RFC 6749 sections 4.1.2.1 and 5.2) with what Microsoft adds to it."""

    def __init__(
        self,
        error: str,
        description: str = "",
        *,
        aadsts_code: int | None = None,
        correlation_id: str = "",
        trace_id: str = "",
    ) -> None:
        super().__init__(description or error)
        self.error = error
        self.description = description
        self.aadsts_code = aadsts_code
        self.correlation_id = correlation_id
        self.trace_id = trace_id

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any]) -> MicrosoftError:
        """Build from the JSON of an endpoint or the parameters of a redirect.

        The description is found by ``AADSTS\\d+``, never by line: its separators have changed
        before. Anything may be missing or of the wrong type.
        """
        error = _text(answer.get("error")) or "unknown_error"
        description = _text(answer.get("error_description"))
        codes = _aadsts_codes(answer, description)
        return _class_of(error, codes)(
            error,
            description,
            aadsts_code=codes[0] if codes else None,
            correlation_id=_id(answer.get("correlation_id"))
            or _found(_CORRELATION_ID, description),
            trace_id=_id(answer.get("trace_id")) or _found(_TRACE_ID, description),
        )


class SecretRejected(MicrosoftError):
    """Microsoft does not accept the client secret: wrong (7000215), expired (7000222), none."""


class CodeNotAccepted(MicrosoftError):
    """The authorization code is spent, expired, malformed, or of another exchange."""


class ConsentRequired(MicrosoftError):
    """Nobody has granted what the application asks for."""


class AccessDenied(MicrosoftError):
    """The person declined, or the directory does not let them in."""


class DirectoryNotFound(MicrosoftError):
    """Microsoft knows no directory of that name in this cloud (90002)."""


_BY_AADSTS_CODE: dict[int, type[MicrosoftError]] = {
    **dict.fromkeys((7000215, 7000216, 7000218, 7000222), SecretRejected),
    **dict.fromkeys((54005, 70000, 70008, 501481, 9002313, 700005), CodeNotAccepted),
    **dict.fromkeys((65001, 90094, 90095), ConsentRequired),
    **dict.fromkeys((65004, 50105), AccessDenied),
    90002: DirectoryNotFound,
    # Both come as `invalid_client`, though the secret is not at fault: the redirect URI differs,
    # the app is registered as a public client.
    **dict.fromkeys((500112, 700025), MicrosoftError),
}
_BY_ERROR: dict[str, type[MicrosoftError]] = {
    "invalid_client": SecretRejected,
    "access_denied": AccessDenied,
    "consent_required": ConsentRequired,
}


def _class_of(error: str, aadsts_codes: list[int]) -> type[MicrosoftError]:
    # Microsoft: act on `error`; the numbers are for people. They only refine it here.
    by_code = (_BY_AADSTS_CODE[code] for code in aadsts_codes if code in _BY_AADSTS_CODE)
    return next(by_code, None) or _BY_ERROR.get(error, MicrosoftError)


def _aadsts_codes(answer: Mapping[str, Any], description: str) -> list[int]:
    """Return all codes, in Microsoft's order: older answers have two, as [70002, 54005]."""
    codes = [int(digits) for digits in _AADSTS.findall(description)]
    sent = answer.get("error_codes")
    for code in sent if isinstance(sent, list) else []:
        if isinstance(code, int) and not isinstance(code, bool):
            codes.append(abs(code) % 10**9)
    return codes


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    # NUL and lone surrogates can be sent, but no database stores them.
    clean = value.replace("\x00", "").encode("utf-8", "replace").decode()
    return clean[:_MAX_TEXT]


def _id(value: object) -> str:
    """Return an ID of Microsoft's, or "": anybody can send a callback with another text."""
    text = _text(value)
    return text if _ID.fullmatch(text) else ""


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1] if match else ""
