"""Signing out: at Microsoft too (RP-initiated), and when Microsoft reports it (front-channel)."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse

from ...client_address import client_address
from ...entra.tokens import logout_url
from ...microsoft import client as microsoft
from ...models import Connection, Revocation
from ...rate_limit import RateLimit, network_of
from ..lookup import addresses
from ..lookup.frontchannel import is_frontchannel_token
from ..state import session
from ..state.session import SignIn
from ..state.transaction import Transaction
from . import redirects
from .begin import new_transaction, redirect_with_transaction_cookie

PURPOSE = "logout"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
#: Sign-outs accepted in a minute at one connection's address, and there from one client. Without
#: the first limit a client could fill a table; without the second it could use up the first.
_SIGN_OUTS_OF_CONNECTION = RateLimit("sign_outs", limit=600, seconds=60)
_SIGN_OUTS_OF_CLIENT = RateLimit("sign_outs_of_client", limit=120, seconds=60)


class TooManySignOuts(Exception):
    """The limit of this minute is reached: this sign-out was not stored."""


def redirect_to_microsoft(
    request: HttpRequest, sign_in: SignIn, destination: str
) -> HttpResponse | None:
    """Return the response that sends a browser to Microsoft's sign-out; None without a connection.

    The browser comes back through the callback, the only redirect URI.
    """
    connection = session.connection_of(sign_in)
    if connection is None:
        return None
    redirect_uri = addresses.callback_url(request)
    begun = new_transaction(
        connection, sign_in.tenant, redirect_uri, purpose=PURPOSE, destination=destination
    )
    url = logout_url(
        microsoft.authority(connection.cloud, sign_in.tenant, connection.identity_api),
        redirect_uri=redirect_uri,
        state=begun.state,
        logout_hint=sign_in.hint,
    )
    return redirect_with_transaction_cookie(request, begun, url)


def finish(request: HttpRequest, transaction: Transaction) -> HttpResponse:
    """Redirect a browser that comes back from signing out at Microsoft."""
    return redirects.DestinationRedirect(transaction.destination)


def end_microsoft_session(request: HttpRequest, token: str, session_id: str) -> bool:
    """End the sessions that began in a session at Microsoft; return whether the token is valid.

    OpenID Connect Front-Channel Logout 1.0. Microsoft sends no `iss`, and browsers send no cookie.
    Raises ``TooManySignOuts``.
    """
    connection = _connection_of(token)
    if connection is None:
        return False
    if not _GUID.fullmatch(session_id):
        return True
    # The client's limit first: what it refuses must not count for other clients.
    if not _SIGN_OUTS_OF_CLIENT.allows(f"{connection.name}, {network_of(client_address(request))}"):
        raise TooManySignOuts
    if not _SIGN_OUTS_OF_CONNECTION.allows(connection.name):
        raise TooManySignOuts
    Revocation.of_microsoft_session(connection, session_id.lower())
    return True


def _connection_of(token: str) -> Connection | None:
    _, _, key = token.rpartition("-")
    if not key.isascii() or not key.isdecimal() or len(key) > 18:
        return None
    connection = Connection._default_manager.filter(pk=int(key)).first()
    if connection is None or not is_frontchannel_token(connection, token):
        return None
    return connection
