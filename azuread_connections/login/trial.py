"""Try: a real sign-in by a staff member that signs nobody in and creates nobody."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from .. import microsoft
from ..entra.tokens import AuthorizationRequest, authorization_url
from ..models import Connection
from ..permissions import delegated_scopes
from . import addresses, callback, events, groups, people, transaction
from .backend import backend_class
from .begin import fingerprint
from .exchange import CodeExchange, SecretSuperseded
from .failures import SignInFailed
from .people import Visitor
from .profile import read_profile
from .transaction import Transaction

PURPOSE = "try"
_SESSION_KEY = "azuread_trial"
#: More claims and groups than a page shows, and a session should hold.
_MAX_CLAIMS = 60
_MAX_GROUPS = 200


def begin(request: HttpRequest, connection: Connection, return_path: str) -> HttpResponse:
    """Send a staff member to Microsoft; the outcome comes to ``return_path``."""
    redirect_uri = addresses.callback_url(request)
    begun = Transaction(
        application_id=0,
        connection_id=connection.pk,
        fingerprint=fingerprint(connection, connection.sign_in_segment, redirect_uri),
        destination=return_path,
        purpose=PURPOSE,
    )
    url = authorization_url(
        microsoft.authority(connection.cloud, connection.sign_in_segment, connection.identity_api),
        AuthorizationRequest(
            client_id=connection.client_id,
            redirect_uri=redirect_uri,
            state=begun.state,
            nonce=begun.nonce,
            code_challenge=begun.code_challenge,
            graph_scopes=delegated_scopes(connection),
        ),
    )
    request.session.pop(_SESSION_KEY, None)
    response = HttpResponseRedirect(url)
    transaction.set_cookie(request, response, begun, secure=addresses.is_secure(request))
    return response


def finish(request: HttpRequest, found: Transaction) -> HttpResponse:
    """Take the staff member back, with the outcome in their session and nowhere else."""
    connection = Connection._default_manager.filter(pk=found.connection_id).first()
    if connection is None:
        raise SignInFailed("connection_disabled", detail="Deleted during the trial.")
    try:
        outcome = _outcome(request, connection, found)
    except SecretSuperseded:
        outcome = _failure(SignInFailed("secret_rejected", detail=_("Try once more.")))
    except SignInFailed as failed:
        outcome = _failure(failed)
    events.record_trial(request, connection, outcome)
    request.session[_SESSION_KEY] = {"connection": connection.pk, **outcome}
    return HttpResponseRedirect(found.destination)


def outcome_of(request: HttpRequest, connection: Connection) -> dict[str, Any] | None:
    """Return what this session's last trial of a connection came to, or None.

    ``works`` (a bool). If True: ``claims``, ``profile``, ``groups``, ``user`` (a sentence: who it
    would be and why), ``problems`` (sentences). If False: ``code``, ``detail``, ``aadsts_code``,
    ``correlation_id``, ``trace_id``, and as much of the former as was known.
    """
    outcome: dict[str, Any] | None = request.session.get(_SESSION_KEY)
    return outcome if outcome and outcome["connection"] == connection.pk else None


def _outcome(request: HttpRequest, connection: Connection, found: Transaction) -> dict[str, Any]:
    redirect_uri = addresses.callback_url(request)
    segments = (connection.sign_in_segment, connection.domain)
    tenant = next(
        (s for s in segments if fingerprint(connection, s, redirect_uri) == found.fingerprint), ""
    )
    if not tenant:
        raise SignInFailed("transaction_expired", detail=_("The connection was edited meanwhile."))
    exchange = CodeExchange(
        connection=connection,
        tenant=tenant,
        redirect_uri=redirect_uri,
        code=request.GET.get("code", ""),
        code_verifier=found.code_verifier,
        nonce=found.nonce,
    )
    proof = callback.ask_microsoft(request, exchange, backend_class()().prove_on_trial)
    told = _describe(proof.visitor)
    try:
        return {"works": True, "user": people.preview(proof.visitor), **told}
    except SignInFailed as failed:
        return {**_failure(failed), **told}


def _describe(visitor: Visitor) -> dict[str, Any]:
    claims = visitor.claims
    profile = read_profile(claims, visitor.connection, visitor.enrichment.profile)
    return {
        "claims": dict(list(claims.everything.items())[:_MAX_CLAIMS]),
        "profile": profile.as_dict(),
        "groups": groups.stored(visitor.connection, visitor.groups or ())[:_MAX_GROUPS],
        "problems": list(visitor.enrichment.problems),
    }


def _failure(failed: SignInFailed) -> dict[str, Any]:
    return {
        "works": False,
        "code": failed.code,
        "detail": failed.detail,
        "aadsts_code": failed.aadsts_code,
        "correlation_id": failed.correlation_id,
        "trace_id": failed.trace_id,
    }
