"""Begins a sign-in or another flow: from a connection to the redirect to Microsoft."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from ...entra.tokens import AuthorizationRequest, authorization_url
from ...microsoft import client as microsoft
from ...microsoft.permissions import delegated_scopes
from ...models import Connection
from ..log.failures import SignInFailed
from ..lookup import addresses
from ..lookup.enabled import SignInTarget
from ..state import transaction
from ..state.transaction import SIGN_IN, Transaction, endpoint_fingerprint
from . import redirects
from .resumption import state_with_resumption

#: Has Microsoft ask which account to use, even if somebody is signed in there.
SELECT_ACCOUNT = "select_account"


@dataclass(frozen=True)
class Start:
    """What a flow begins with. ``destination``: a safe path or URL. The hints can be empty.
    ``prompt``: "" or ``SELECT_ACCOUNT``. ``purpose`` and ``subject``: see ``Transaction``."""

    target: SignInTarget
    destination: str
    login_hint: str = ""
    domain_hint: str = ""
    prompt: str = ""
    is_retry: bool = False
    purpose: str = SIGN_IN
    subject: str = ""


def redirect_to_microsoft(request: HttpRequest, start: Start) -> HttpResponse:
    """Return the response that sends the browser to Microsoft, with the transaction in a cookie.
    Makes no request and writes to no table."""
    connection = start.target.connection
    redirect_uri = addresses.redirect_uri(request, is_own_host=start.target.is_own_host)
    begun = Transaction(
        application_id=start.target.application.pk,
        connection_id=connection.pk,
        fingerprint=endpoint_fingerprint(connection, connection.sign_in_segment, redirect_uri),
        destination=start.destination,
        purpose=start.purpose,
        is_retry=start.is_retry,
        subject=start.subject,
    )
    hints = {"login_hint": start.login_hint, "domain_hint": start.domain_hint}
    url = sign_in_url(connection, begun, redirect_uri, prompt=start.prompt, **hints)
    return redirect_with_transaction_cookie(request, begun, url)


def begin_again(request: HttpRequest, target: SignInTarget, begun: Transaction) -> HttpResponse:
    """Send the browser to Microsoft once more for a new code, to redeem with the next secret.

    The person sees nothing of it. Raises ``SignInFailed`` if the transaction is a retry already.
    """
    if begun.is_retry:
        raise SignInFailed(
            "secret_rejected",
            detail="Microsoft refused each of the client secrets.",
            is_proven=True,
        )
    start = Start(
        target, begun.destination, is_retry=True, purpose=begun.purpose, subject=begun.subject
    )
    return redirect_to_microsoft(request, start)


def new_transaction(
    connection: Connection, tenant: str, redirect_uri: str, *, purpose: str, destination: str
) -> Transaction:
    """Return a transaction without an application, which signs nobody in."""
    return Transaction(
        application_id=0,
        connection_id=connection.pk,
        fingerprint=endpoint_fingerprint(connection, tenant, redirect_uri),
        destination=destination,
        purpose=purpose,
    )


def sign_in_url(
    connection: Connection,
    begun: Transaction,
    redirect_uri: str,
    *,
    login_hint: str = "",
    domain_hint: str = "",
    prompt: str = "",
) -> str:
    """Return Microsoft's address for a sign-in by this connection."""
    return authorization_url(
        microsoft.authority(connection.cloud, connection.sign_in_segment, connection.identity_api),
        AuthorizationRequest(
            client_id=connection.client_id,
            redirect_uri=redirect_uri,
            state=state_with_resumption(begun) if begun.purpose == SIGN_IN else begun.state,
            nonce=begun.nonce,
            code_challenge=begun.code_challenge,
            graph_scopes=delegated_scopes(connection),
            login_hint=login_hint,
            # A domain hint would skip the page on which the person chooses an account.
            domain_hint="" if prompt else domain_hint,
            prompt=prompt,
        ),
    )


def redirect_with_transaction_cookie(
    request: HttpRequest, begun: Transaction, url: str
) -> HttpResponse:
    """Return the response that sends the browser to ``url``, with the transaction in a cookie."""
    response = redirects.redirect_browser(request, url)
    transaction.set_cookie(request, response, begun, secure=addresses.is_secure(request))
    return response
