"""Signing out: at Microsoft too (RP-initiated), and when Microsoft reports it (front-channel)."""

from __future__ import annotations

import logging
import re
from ipaddress import IPv6Address, ip_address, ip_network

from django.http import HttpRequest, HttpResponse

from ...conf import CACHE_PREFIX, conf
from ...entra.tokens import logout_url
from ...microsoft import client as microsoft
from ...models import Connection, Revocation
from ..log.client_address import client_address
from ..lookup import addresses
from ..lookup.frontchannel import is_frontchannel_token
from ..state import session
from ..state.session import SignIn
from ..state.transaction import Transaction
from . import redirects
from .begin import new_transaction, redirect_with_transaction_cookie

logger = logging.getLogger("azuread_connections")

PURPOSE = "logout"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
#: Sign-outs accepted in a minute at one connection's address, and there from one client. Without
#: the first limit a client could fill a table; without the second it could use up the first.
_SIGN_OUTS_PER_MINUTE = 600
_SIGN_OUTS_PER_CLIENT = 120


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
    _count(connection, f"{connection.pk}:{_client(request)}", _SIGN_OUTS_PER_CLIENT)
    _count(connection, f"{connection.pk}", _SIGN_OUTS_PER_MINUTE)
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


def _client(request: HttpRequest) -> str:
    """Return the client's IPv4 address or IPv6 network: a client can have many IPv6 addresses."""
    address = ip_address(client_address(request) or "::")
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((address, 64), strict=False).network_address)
    return str(address)


def _count(connection: Connection, whose: str, limit: int) -> None:
    """Count a sign-out; log once a minute that there are too many."""
    key = f"{CACHE_PREFIX}:sign_outs:{whose}"
    conf.cache.add(key, 0, 60)
    try:
        count = conf.cache.incr(key)
    except ValueError:  # expired between the two calls
        return
    if count == limit + 1:
        logger.warning(
            "Sign-outs at Microsoft are refused for a minute: more than %d came to the address of "
            "%s (%s).",
            limit,
            connection.name,
            whose,
        )
    if count > limit:
        raise TooManySignOuts
