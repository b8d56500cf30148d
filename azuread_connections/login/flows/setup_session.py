"""What the flows of a set-up share: a transaction bound to one opening of one link, and back.

The browser has no session and no user here. Its cookie of the link shows which opening it is.
"""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from ...models import Connection, SetupSession
from ..log.failures import SignInFailed
from ..lookup import addresses
from ..state import setup_cookie
from ..state.transaction import Transaction, endpoint_fingerprint, unchanged_tenant
from ..state.withheld import callback_parameters
from .begin import new_transaction

#: What follows the transaction's own part of `state`. It is neither secret nor trusted: it only
#: fills a link on the page of a failure, and that page of a set-up checks who opens it.
_RETURN = re.compile(r"[A-Za-z0-9_-]{22}\.setup\.([a-z0-9]{1,12})\.([a-z]{1,16})")


def new_setup_transaction(
    request: HttpRequest, session: SetupSession, purpose: str, step: str, *, is_retry: bool = False
) -> tuple[Transaction, str]:
    """Return a transaction that only this opening can finish, and its redirect URI.

    It returns to the page of ``step``.
    """
    connection = connection_of(session)
    redirect_uri = addresses.callback_url(request)
    begun = new_transaction(
        connection,
        connection.sign_in_segment,
        redirect_uri,
        purpose=purpose,
        destination=step_path(session.link.reference, step),
        subject=_subject(session),
        is_retry=is_retry,
    )
    return begun, redirect_uri


def state_with_step(begun: Transaction, session: SetupSession, step: str) -> str:
    """Return the `state` to send to Microsoft: it also names the page to go back to."""
    return f"{begun.state}.setup.{session.link.reference}.{step}"


def step_of(found: Transaction) -> str:
    """Return the step to whose page a transaction returns."""
    return found.destination.rstrip("/").rpartition("/")[2]


def return_path(request: HttpRequest) -> str:
    """Return the page of the set-up that a callback's `state` names; "" if it names none.

    Anybody could write that `state`.
    """
    named = _RETURN.fullmatch(callback_parameters(request).get("state", ""))
    try:
        return step_path(named[1], named[2]) if named else ""
    except NoReverseMatch:
        return ""


def step_path(reference: str, step: str) -> str:
    return reverse(f"{addresses.NAMESPACE}:setup_step", args=[reference, step])


def require_session(request: HttpRequest, found: Transaction) -> SetupSession:
    """Return the opening that began a transaction, if this browser still has it.

    Raises ``SignInFailed`` before anything is asked, logged or stored: for another opening, another
    link, a link that was revoked or is over, and for one whose connection was deleted.
    """
    reference, _, key = found.subject.partition(":")
    session = setup_cookie.find_session(request, reference)
    if session is None or str(session.pk) != key:
        raise SignInFailed(
            "transaction_expired", detail="The set-up link is no longer open in this browser."
        )
    if session.link.connection_id != found.connection_id:
        raise SignInFailed(
            "transaction_expired", detail="The set-up link belongs to another connection."
        )
    return session


def connection_of(session: SetupSession) -> Connection:
    connection = session.link.connection
    if connection is None:
        raise SignInFailed("connection_disabled", detail="Deleted during the set-up.")
    return connection


def fingerprint(connection: Connection, redirect_uri: str) -> str:
    """Return what ``is_current`` compares: what an outcome was found out with."""
    return endpoint_fingerprint(connection, connection.sign_in_segment, redirect_uri)


def is_current(request: HttpRequest, stored: dict[str, Any], connection: Connection) -> bool:
    """Return whether an outcome was found out with the connection as it is now."""
    made_with = stored.get("fingerprint")
    redirect_uri = addresses.callback_url(request)
    return (
        isinstance(made_with, str)
        and unchanged_tenant(made_with, connection, redirect_uri) is not None
    )


def keep(session: SetupSession, **values: dict[str, Any]) -> None:
    """Store outcomes in the row of this opening, and in no other. Raises ``SignInFailed`` if the
    opening was ended meanwhile."""
    if not SetupSession._default_manager.filter(
        pk=session.pk, link__revoked_at__isnull=True
    ).update(**values):
        raise SignInFailed("transaction_expired", detail="The set-up link was revoked meanwhile.")


def _subject(session: SetupSession) -> str:
    return f"{session.link.reference}:{session.pk}"
