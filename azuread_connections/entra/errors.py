"""Errors of requests to Microsoft, and of its responses: one class per failure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import override

from .aadsts import CATALOGUE, ErrorClass
from .challenge import read_challenge

_AADSTS = re.compile(r"AADSTS(\d{1,9})", re.ASCII)
_NUMBER = re.compile(r"(?:AADSTS)?(\d{1,9})", re.ASCII)
_NUMBER_IN_URI = re.compile(r"[?&]code=(\d{1,9})(?![^&#])", re.ASCII)
_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_SUBCODE = re.compile(r"[0-9A-Za-z_-]{1,64}")
_GUID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_TRACE_ID = re.compile(rf"Trace ID:\s*({_GUID})", re.IGNORECASE)
_CORRELATION_ID = re.compile(rf"Correlation ID:\s*({_GUID})", re.IGNORECASE)
#: For labels in other languages. A text can quote other GUIDs, but not directly after a colon.
_LABELLED_GUID = re.compile(rf"[:\uff1a]\s*({_GUID})(?![0-9A-Za-z-])")
#: Microsoft's texts have a few hundred characters; a forged one can have any number.
_MAX_TEXT = 1000
#: The IDs are at the end of a description, after a text that can be longer.
_MAX_SEARCHED = 8000


class EntraError(Exception):
    """Base of all errors of this package. ``str()`` is a text without secrets or tokens."""


class Unreachable(EntraError):
    """Microsoft did not answer in time, or asked to come back later.

    ``retry_after``: seconds that Microsoft asked for, if it did.
    """

    def __init__(self, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class MalformedResponse(EntraError):
    """A response that is not in the documented form. Nothing in it is used."""


class IdTokenInvalid(EntraError):
    """An ID token that fails validation. ``str()`` names the rule that it breaks."""


class IssuerMismatch(IdTokenInvalid):
    """The authorization response names another issuer than the one that was asked (RFC 9207)."""


class UnknownSigningKey(IdTokenInvalid):
    """The token names a key that the directory does not publish."""


class AccessTokenInvalid(EntraError):
    """An access token that fails validation. ``str()`` is the end of a sentence that names the
    rule: "it has expired (exp)"."""


class GraphTokenSent(AccessTokenInvalid):
    """A token for Microsoft Graph, which only Graph can validate."""

    def __init__(self) -> None:
        super().__init__(
            "it is for Microsoft Graph and not for this API: ask Microsoft for a token with a "
            "scope of this API"
        )


class MicrosoftError(EntraError):
    """An OAuth error response (RFC 6749 sections 4.1.2.1 and 5.2) with Microsoft's additions.

    ``aadsts_code``: the number of the cause. ``subcode``: Microsoft's `error_subcode` or
    `suberror`, such as "cancel". ``claims``: what the person has to prove, as JSON, if the token
    endpoint sent a claims challenge.
    """

    def __init__(
        self,
        error: str,
        description: str = "",
        *,
        aadsts_code: int | None = None,
        correlation_id: str = "",
        trace_id: str = "",
        subcode: str = "",
        claims: str = "",
    ) -> None:
        text = description or error
        super().__init__(f"{text} (subcode {subcode})" if subcode else text)
        self.error = error
        self.description = description
        self.aadsts_code = aadsts_code
        self.correlation_id = correlation_id
        self.trace_id = trace_id
        self.subcode = subcode
        self.claims = claims

    @classmethod
    def from_response(
        cls, answer: Mapping[str, Any], *, retry_after: int | None = None
    ) -> MicrosoftError:
        """Build from the JSON of an endpoint.

        The number decides the class if it is in the catalogue, otherwise the OAuth error. Any
        member can be missing or of the wrong type. ``retry_after``: seconds, of the HTTP header.
        """
        error = _text(answer.get("error")) or "unknown_error"
        subcode = _matching(_SUBCODE, answer.get("error_subcode") or answer.get("suberror"))
        code = _deciding_code(answer)
        built = _class_of(error, code, subcode)(
            error,
            _text(answer.get("error_description")),
            aadsts_code=code,
            subcode=subcode,
            claims=read_challenge(answer.get("claims")),
            **_ids(answer),
        )
        if isinstance(built, TemporarilyUnavailable):
            built.retry_after = retry_after
        return built

    @classmethod
    def from_redirect(cls, parameters: Mapping[str, Any]) -> MicrosoftError:
        """Build from the parameters of an authorization response.

        Never a ``CredentialRejected``, and never with a claims challenge: anybody can write them,
        and no secret was sent.
        """
        built = cls.from_response({**parameters, "claims": None})
        if not isinstance(built, CredentialRejected):
            return built
        return MicrosoftError(
            built.error,
            built.description,
            aadsts_code=built.aadsts_code,
            correlation_id=built.correlation_id,
            trace_id=built.trace_id,
            subcode=built.subcode,
        )


class CredentialFailed(EntraError):
    """The credential cannot be used; another one can work with the same code."""


class CredentialRejected(MicrosoftError, CredentialFailed):
    """Microsoft refuses the credential: a secret that is wrong (7000215) or expired (7000222), a
    certificate that it does not know (700027), a federated token that matches nothing (700213)."""


class CredentialUnavailable(CredentialFailed):
    """What a credential needs cannot be read here, so nothing was sent to Microsoft.

    ``found`` and ``remedy`` are in the reader's language, ``str()`` is in English, for the log.
    """

    def __init__(self, found: Promise, remedy: Promise, **words: object) -> None:
        self._found, self._remedy, self._words = found, remedy, words
        with override(None):
            super().__init__(f"{self.found} {self.remedy}")

    @property
    def found(self) -> str:
        return str(self._found) % self._words

    @property
    def remedy(self) -> str:
        return str(self._remedy)


class CodeNotAccepted(MicrosoftError):
    """The authorization code was already redeemed, has expired, is malformed or belongs to another
    exchange; or its session at Microsoft has ended."""


class ConsentRequired(MicrosoftError):
    """Nobody has granted what the application asks for."""


class AccessDenied(MicrosoftError):
    """The person declined, or their organisation refuses the person or the account."""


class DirectoryNotFound(MicrosoftError):
    """Microsoft knows no directory of this name in this cloud (90002)."""


class PersonalDirectory(EntraError):
    """The domain belongs to the directory of all personal Microsoft accounts."""


class OtherCloud(DirectoryNotFound):
    """The directory is in another cloud than the one that was asked.

    ``found``: the cloud's name in ``CLOUDS``, "external_id" or "b2c" for a directory for customers,
    "" for an unknown cloud. ``instance_name``: Microsoft's name of it.
    """

    def __init__(self, found: str, instance_name: str = "") -> None:
        shown = _text(instance_name)[:100]
        super().__init__("other_cloud", f"The directory is in another cloud: {shown}.")
        self.found = found
        self.instance_name = shown


class TemporarilyUnavailable(MicrosoftError, Unreachable):
    """Microsoft answered that it has a temporary error (90033) or is overloaded (90024, 90055)."""


#: The person declined to grant the permissions, or did not continue.
_PERSON_STOPPED = (65004, 90135)


def is_about_consent(error: EntraError) -> bool:
    """Return whether missing consent may be the cause: Microsoft says so, or the person stopped.

    Going back from the page "Need admin approval" has the same error as cancelling.
    """
    stopped = isinstance(error, AccessDenied) and error.aadsts_code in (None, *_PERSON_STOPPED)
    return stopped or isinstance(error, ConsentRequired)


_BY_ERROR_CLASS: dict[ErrorClass, type[MicrosoftError]] = {
    ErrorClass.CREDENTIAL_REJECTED: CredentialRejected,
    ErrorClass.STALE: CodeNotAccepted,
    ErrorClass.CONSENT_REQUIRED: ConsentRequired,
    ErrorClass.ACCESS_DENIED: AccessDenied,
    ErrorClass.UNKNOWN_DIRECTORY: DirectoryNotFound,
    ErrorClass.TEMPORARY: TemporarilyUnavailable,
    ErrorClass.OTHER: MicrosoftError,
}
#: For a response whose number is not in the catalogue. `interaction_required` comes from
#: Conditional Access.
_BY_ERROR: dict[str, type[MicrosoftError]] = {
    "access_denied": AccessDenied,
    "consent_required": ConsentRequired,
    "interaction_required": AccessDenied,
    "temporarily_unavailable": TemporarilyUnavailable,
}
#: Microsoft's subcodes, for responses whose OAuth error is only `invalid_grant`.
_BY_SUBCODE: dict[str, type[MicrosoftError]] = {
    "consent_required": ConsentRequired,
    **dict.fromkeys(("basic_action", "additional_action", "message_only"), AccessDenied),
}


def _class_of(error: str, code: int | None, subcode: str) -> type[MicrosoftError]:
    known = CATALOGUE.get(code) if code is not None else None
    if known is not None:
        return _BY_ERROR_CLASS[known.error_class]
    if error == "invalid_client" and code is None:
        # RFC 6749 section 5.2: client authentication failed. Microsoft sends the same error for a
        # wrong redirect URI (50011) or a disabled app (7000112), but then with the number.
        return CredentialRejected
    return _BY_ERROR.get(error) or _BY_SUBCODE.get(subcode) or MicrosoftError


def _deciding_code(answer: Mapping[str, Any]) -> int | None:
    """Return the number of the cause: the last one. Older responses have two: [70002, 54005].

    They are read from `error_codes`, else from the description, else from `error_uri`.
    """
    sent = answer.get("error_codes")
    numbers = [_number(each) for each in (sent if isinstance(sent, list) else [])]
    codes = [number for number in numbers if number is not None]
    if not codes:
        description = _text(answer.get("error_description"), _MAX_SEARCHED)
        codes = [int(digits) for digits in _AADSTS.findall(description)]
    if not codes:
        uri = _text(answer.get("error_uri"), _MAX_SEARCHED)
        codes = [int(digits) for digits in _NUMBER_IN_URI.findall(uri)]
    return codes[-1] if codes else None


def _number(value: object) -> int | None:
    """Return a number of `error_codes`, some of which are sent as text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value) % 10**9
    match = _NUMBER.fullmatch(value) if isinstance(value, str) else None
    return int(match[1]) if match else None


def _ids(answer: Mapping[str, Any]) -> dict[str, str]:
    """Return trace ID and correlation ID. A redirect has them in the description only."""
    description = _text(answer.get("error_description"), _MAX_SEARCHED)
    trace_id = _found(_TRACE_ID, description)
    correlation_id = _found(_CORRELATION_ID, description)
    if not trace_id and not correlation_id:
        # They are the last two GUIDs, in this order in every language.
        *_others, trace_id, correlation_id = ["", "", *_last_two_guids(description)]
    return {
        "trace_id": _matching(_ID, answer.get("trace_id")) or trace_id,
        "correlation_id": _matching(_ID, answer.get("correlation_id")) or correlation_id,
    }


def _last_two_guids(description: str) -> list[str]:
    guids = _LABELLED_GUID.findall(description)
    return guids[-2:] if len(guids) > 1 else []


def _text(value: object, limit: int = _MAX_TEXT) -> str:
    if not isinstance(value, str):
        return ""
    # NUL and lone surrogates can be sent, but no database stores them.
    clean = value.replace("\x00", "").encode("utf-8", "replace").decode()
    return clean[:limit]


def _matching(pattern: re.Pattern[str], value: object) -> str:
    """Return an ID or a subcode of Microsoft's; "" for another text, which anybody can send."""
    text = _text(value)
    return text if pattern.fullmatch(text) else ""


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1] if match else ""
