"""Begins a sign-in or another flow: from a connection to the redirect to Microsoft."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from ...entra.challenge import claims_request
from ...entra.tokens import AuthorizationRequest, authorization_url
from ...microsoft import client as microsoft
from ...microsoft.permissions import delegated_scopes
from ...models import Connection
from ..lookup import addresses
from ..lookup.enabled import SignInTarget
from ..state import transaction
from ..state.step_up import NOTHING, StepUp
from ..state.transaction import SIGN_IN, Transaction, endpoint_fingerprint
from . import redirects
from .exchange import SecondTry
from .resumption import state_with_resumption

#: Has Microsoft ask which account to use, even if somebody is signed in there.
SELECT_ACCOUNT = Connection.Prompt.SELECT_ACCOUNT.value
#: Has Microsoft authenticate the person, even if they are signed in there.
LOGIN = Connection.Prompt.LOGIN.value
#: From the one that asks least to the one that asks most.
_PROMPTS = ("", SELECT_ACCOUNT, LOGIN)


@dataclass(frozen=True)
class Start:
    """What a flow begins with. ``destination``: a safe path or URL. The hints can be empty.
    ``prompt``: "", ``SELECT_ACCOUNT`` or ``LOGIN``. ``challenge``: Microsoft's own claims request,
    as JSON. ``was_asked``: see ``SecondTry``. ``purpose``, ``subject`` and ``step_up``: see
    ``Transaction``."""

    target: SignInTarget
    destination: str
    login_hint: str = ""
    domain_hint: str = ""
    prompt: str = ""
    is_retry: bool = False
    was_asked: bool = False
    purpose: str = SIGN_IN
    subject: str = ""
    step_up: StepUp = NOTHING
    challenge: str = ""


def redirect_to_microsoft(request: HttpRequest, start: Start) -> HttpResponse:
    """Return the response that sends the browser to Microsoft, with the transaction in a cookie.

    Opens a connection to Microsoft for the callback, but sends no request. Writes to no table.
    """
    connection = start.target.connection
    microsoft.preconnect(connection.cloud)
    redirect_uri = addresses.redirect_uri(request, is_own_host=start.target.is_own_host)
    begun = Transaction(
        application_id=start.target.application.pk,
        connection_id=connection.pk,
        fingerprint=endpoint_fingerprint(connection, connection.sign_in_segment, redirect_uri),
        destination=start.destination,
        purpose=start.purpose,
        is_retry=start.is_retry,
        subject=start.subject,
        step_up=start.step_up,
    )
    url = sign_in_url(
        connection,
        begun,
        redirect_uri,
        login_hint=start.login_hint,
        domain_hint=start.domain_hint,
        prompt=start.prompt,
        challenge=start.challenge,
        was_asked=start.was_asked,
    )
    return redirect_with_transaction_cookie(request, begun, url)


def begin_again(
    request: HttpRequest, target: SignInTarget, begun: Transaction, reason: SecondTry
) -> HttpResponse:
    """Send the browser to Microsoft once more: for a new code to redeem with the next secret, of
    which the person sees nothing, to meet Microsoft's claims challenge, or because the connection
    was edited.

    Raises ``SignInFailed`` if the transaction is a retry already.
    """
    if begun.is_retry:
        raise reason.failure from reason
    start = Start(
        target,
        begun.destination,
        # Whoever chose an account may have had to: which one is not known any more.
        prompt="" if reason.was_asked else SELECT_ACCOUNT,
        is_retry=True,
        was_asked=reason.was_asked,
        purpose=begun.purpose,
        subject=begun.subject,
        step_up=begun.step_up,
        challenge=reason.challenge,
    )
    return redirect_to_microsoft(request, start)


def new_transaction(
    connection: Connection,
    tenant: str,
    redirect_uri: str,
    *,
    purpose: str,
    destination: str,
    subject: str = "",
    is_retry: bool = False,
) -> Transaction:
    """Return a transaction without an application, which signs nobody in."""
    return Transaction(
        application_id=0,
        connection_id=connection.pk,
        fingerprint=endpoint_fingerprint(connection, tenant, redirect_uri),
        destination=destination,
        purpose=purpose,
        is_retry=is_retry,
        subject=subject,
    )


def sign_in_url(
    connection: Connection,
    begun: Transaction,
    redirect_uri: str,
    *,
    login_hint: str = "",
    domain_hint: str = "",
    prompt: str = "",
    state: str = "",
    challenge: str = "",
    was_asked: bool = False,
) -> str:
    """Return Microsoft's address for a sign-in by this connection.

    ``prompt``: the connection's own is used if it asks for more; none if the person ``was_asked``.
    ``state``: what the callback gets back, "" for the purpose's own. ``challenge``: see ``Start``.
    """
    prompt = "" if was_asked else max(prompt, connection.prompt, key=_PROMPTS.index)
    max_age = "" if was_asked else begun.step_up.parameters["max_age"]
    return authorization_url(
        microsoft.authority(connection.cloud, connection.sign_in_segment, connection.identity_api),
        AuthorizationRequest(
            client_id=connection.client_id,
            redirect_uri=redirect_uri,
            state=state or _state(begun),
            nonce=begun.nonce,
            code_challenge=begun.code_challenge,
            graph_scopes=delegated_scopes(connection),
            login_hint=login_hint,
            # A domain hint would skip the page on which the person chooses an account.
            domain_hint="" if prompt else domain_hint,
            prompt=prompt,
            max_age=max_age,
            claims=_claims_request(connection, begun, prompt, challenge),
        ),
    )


def _claims_request(connection: Connection, begun: Transaction, prompt: str, challenge: str) -> str:
    """Return the parameter `claims` (OpenID Connect Core 1.0 section 5.5), or "".

    v1.0 has no such parameter; there `auth_time` comes only if the registration adds it.
    """
    if connection.identity_api == Connection.IdentityAPI.V1:
        return ""
    asks_time = bool(begun.step_up) or LOGIN in (prompt, connection.prompt)
    return claims_request(challenge, auth_time=asks_time, acr=begun.step_up.acr)


def _state(begun: Transaction) -> str:
    return state_with_resumption(begun) if begun.purpose == SIGN_IN else begun.state


def redirect_with_transaction_cookie(
    request: HttpRequest, begun: Transaction, url: str
) -> HttpResponse:
    """Return the response that sends the browser to ``url``, with the transaction in a cookie."""
    response = redirects.redirect_browser(request, url)
    transaction.set_cookie(request, response, begun, secure=addresses.is_secure(request))
    return response
