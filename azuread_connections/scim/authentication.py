"""Which connection a SCIM request belongs to, proven by its bearer token (RFC 6750 section 2.1).

A valid token is never refused because somebody else tries wrong ones: all directories send their
requests from the same addresses of Microsoft's.
"""

from __future__ import annotations

import math
import time
from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from ..client_address import client_address
from ..entra.frames import without_frame_variables
from ..entra.text import is_storable
from ..login.log.provisioning_events import record_provisioning_refused
from ..models import Connection
from ..rate_limit import RateLimit, network_of
from . import tokens
from .errors import ScimError
from .models import ScimToken
from .withheld import authorization

#: Wrong tokens from one network in a minute. Further ones get 429, and are not logged.
LIMIT = 30
_SECONDS = 60
_WRONG_TOKENS = RateLimit("scim_tokens", limit=LIMIT, seconds=_SECONDS)
#: How often the time of the last use is written.
_USE_WRITTEN_EVERY = timedelta(hours=1)
_CHALLENGE = 'Bearer realm="SCIM"'

#: Why a token is refused, for the log. The response does not say which of them it was.
REASONS = {
    "token_missing": "The request has no bearer token. Enter one of the connection's tokens as "
    "Secret Token in Entra.",
    "token_wrong": "The bearer token is not one of this connection's. Create a token on the "
    "connection's page, and enter it as Secret Token in Entra.",
    "token_expired": "The bearer token has expired. Create another on the connection's page, and "
    "enter it as Secret Token in Entra.",
    "token_elsewhere": "The bearer token belongs to another connection. Compare the Tenant URL in "
    "Entra with the base address on the connection's page.",
}


@without_frame_variables
@sensitive_variables("value")
def authenticate(request: HttpRequest, name: str) -> Connection:
    """Return the connection with this name if the request has one of its tokens.

    One query, and one write if the token was not used within the last hour. Raises ``ScimError``
    with status 401, or 429 for a network from which too many wrong tokens have come.
    """
    value = _bearer_token(authorization(request))
    token = tokens.find(value) if value else None
    reason = _reason_against(token, name, is_sent=bool(value))
    if token is None or reason:
        raise _refused(request, reason, token, name)
    _note_use(token)
    return token.connection


@sensitive_variables("header", "value")
def _bearer_token(header: str) -> str:
    """Return the token of an Authorization header, or ""."""
    scheme, _space, value = header.strip().partition(" ")
    # RFC 9110 section 11.1: the scheme's case does not matter.
    return value.strip() if scheme.lower() == "bearer" else ""


def _reason_against(token: ScimToken | None, name: str, *, is_sent: bool) -> str:
    """Return one of ``REASONS``; "" for a valid token."""
    if token is None:
        return "token_wrong" if is_sent else "token_missing"
    if token.connection.name_key != name.lower():
        return "token_elsewhere"
    return "token_expired" if token.is_expired() else ""


def _refused(request: HttpRequest, reason: str, token: ScimToken | None, name: str) -> ScimError:
    """Count and log a refused request; return the error to raise."""
    address = client_address(request)
    if address is not None and not _WRONG_TOKENS.allows(network_of(address)):
        wait = str(max(1, math.ceil(_SECONDS - time.time() % _SECONDS)))
        detail = "Too many requests without a valid token. Try again later."
        return ScimError(429, detail=detail, headers={"Retry-After": wait})
    connection = token.connection if token else _connection(name)
    record_provisioning_refused(connection, reason, REASONS[reason], address)
    challenge = _CHALLENGE if reason == "token_missing" else f'{_CHALLENGE}, error="invalid_token"'
    return ScimError(
        401,
        detail="Send a valid bearer token of this connection.",
        headers={"WWW-Authenticate": challenge},
    )


def _connection(name: str) -> Connection | None:
    if not is_storable(name):
        return None  # PostgreSQL would refuse to compare it
    return Connection._default_manager.filter(name_key=name.lower()).first()


def _note_use(token: ScimToken) -> None:
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at >= _USE_WRITTEN_EVERY:
        ScimToken._default_manager.filter(pk=token.pk).update(last_used_at=now)
