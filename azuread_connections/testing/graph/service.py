"""Authentication and permissions of requests to Graph."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from ..directory.directories import Person
from ..oauth.access import AccessToken
from ..server.call import Call
from ..server.faults import Fault
from ..server.wire import Response
from .errors import GraphRefusal, bad_request, not_found, refused

Handler = Callable[[Call, AccessToken], Response]


def guarded(handler: Handler) -> Callable[[Call], Response]:
    """The handler behind the check of its bearer token, with Graph's error bodies."""

    def answer(call: Call) -> Response:
        try:
            return handler(call, _bearer(call))
        except GraphRefusal as refusal:
            return refused(call, refusal)

    return answer


def require(token: AccessToken, *any_of: str) -> None:
    """403 unless the token has one of these permissions."""
    if not token.may(*any_of):
        raise GraphRefusal(403)


def signed_in(token: AccessToken) -> Person:
    """The person of a delegated token; `/me` means nothing to others."""
    if token.person is None:
        raise bad_request(
            "/me request is only valid with delegated authentication flow.", "BadRequest"
        )
    return token.person


def named_person(call: Call, token: AccessToken) -> Person:
    """The person of the path, by object ID or user principal name."""
    key = unquote(call.parts["key"])
    wanted = key.lower()
    for person in token.directory.people:
        if wanted in (person.object_id, person.upn.lower()):
            return person
    raise not_found(key)


def fault_answer(call: Call, fault: Fault) -> Response | None:
    """The requested fault as an error of Graph, if the fault has no body."""
    if fault.status is None and fault.refusal is None and fault.claims is None:
        return None
    status = fault.status or (400 if fault.claims is None else 401)
    return refused(call, GraphRefusal(status, code=fault.error, claims=fault.claims))


def _bearer(call: Call) -> AccessToken:
    scheme, _, text = call.request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise GraphRefusal(401)
    token = call.state.access_token(text.strip())
    if token is None:
        raise GraphRefusal(401, "CompactToken parsing failed with error code: 80049217")
    if not token.is_for_graph:
        raise GraphRefusal(401, "Access token validation failure. Invalid audience.")
    if call.now >= token.expires_at:
        raise GraphRefusal(401, "Lifetime validation failed, the token is expired.")
    return token
