"""The authorization endpoint: from a client's request to a code, by way of a sign-in if needed."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from typing import Any

from django.db import router
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.generic import View
from oauthlib.common import add_params_to_uri

from ...login.flows.begin import SELECT_ACCOUNT, Start, redirect_to_microsoft
from ...login.flows.redirects import redirect_browser
from ...login.lookup import realm
from ...login.lookup.enabled import find_enabled, lookup_name
from ...login.state import sealing, session
from ...login.state.sealing import BrokenSeal
from ...login.state.session import SignIn
from ...login.web import buttons
from ...login.web.entry import entry
from ...login.web.error_page import already_logged
from ...models import Connection
from .. import browser_session, claims, keys, lifetimes, pending, scopes
from ..issuer import NAMESPACE, issuer
from ..models import Authorization, ClientConsent
from ..models.client_secret import digest_of
from ..pending import PendingRequest
from ..server import (
    AuthorizationRequest,
    RefusedRequest,
    UntrustedRequest,
    check_authorization_request,
)

Parameters = list[tuple[str, str]]

#: What does not fit would be lost on its way: servers and Django refuse longer addresses.
_MAX_QUERY = 2_000
_MAX_LOGIN_HINT = 254
_CONSENT_SEAL = "provider.consent"
#: Microsoft authenticates the person, though somebody is signed in there.
_LOGIN = "login"
_PROMPTS = frozenset({"none", _LOGIN, "consent", SELECT_ACCOUNT})
#: Seconds by which Microsoft's clock may be behind ours.
_LEEWAY = 120
_MAX_AGE = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Attempt:
    """One look at an authorization request. ``began_at``: seconds since 1970.

    ``is_resumed``: the person has been sent to sign in for it, and with ``asks_login`` to
    authenticate again. ``is_consent_given``: they have just agreed to it.
    """

    parameters: Parameters
    began_at: float
    is_resumed: bool = False
    asks_login: bool = False
    is_consent_given: bool = False

    def get(self, name: str) -> str:
        return next((value for key, value in self.parameters if key == name), "")

    @property
    def prompts(self) -> frozenset[str]:
        return frozenset(self.get("prompt").split())


class Refused(Exception):
    """The request is answered with an error of OpenID Connect Core section 3.1.2.6."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error, self.description = error, description


@method_decorator(entry, name="dispatch")
@method_decorator(csrf_exempt, name="dispatch")
class AuthorizeView(View):
    """Where clients send people to sign in."""

    # Not HEAD: a link preview must not get a code.
    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest) -> HttpResponse:
        if len(request.META.get("QUERY_STRING", "")) > _MAX_QUERY:
            return _error_page(request, "invalid_request")
        try:
            return respond(request, Attempt(_parameters(request.GET), time.time()))
        except pending.TooLong:
            return _error_page(request, "invalid_request")

    def post(self, request: HttpRequest) -> HttpResponse:
        """The same by a form of another site, which brings no cookie (OpenID Connect Core section
        3.1.2.1)."""
        query = urlencode(_parameters(request.POST))
        if len(query) > _MAX_QUERY:
            return _error_page(request, "invalid_request")
        response = HttpResponseRedirect(f"{request.path}?{query}")
        response.status_code = 303
        return response


@method_decorator(entry, name="dispatch")
class ResumeView(View):
    """Where a person comes back to who was sent to sign in."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest) -> HttpResponse:
        name = request.GET.get("request", "")
        found = pending.find(request, name)
        if found is None:
            return _error_page(request, "request_expired")
        attempt = Attempt(
            found.parameters, found.began_at, is_resumed=True, asks_login=found.asks_login
        )
        try:
            response = respond(request, attempt)
        except pending.TooLong:
            response = _error_page(request, "invalid_request")
        pending.forget(request, response, name)
        return response


@method_decorator(entry, name="dispatch")
@method_decorator(csrf_protect, name="dispatch")
class ConsentView(View):
    """Takes the answer of the consent page."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        attempt = _sealed_attempt(request)
        if attempt is None:
            return _error_page(request, "request_expired")
        return respond(request, attempt, is_denied="allow" not in request.POST)


def respond(request: HttpRequest, attempt: Attempt, *, is_denied: bool = False) -> HttpResponse:
    """Answer an authorization request."""
    try:
        asked = check_authorization_request(request, attempt.parameters)
    except UntrustedRequest:
        return _error_page(request, "invalid_request")
    except RefusedRequest as refused:
        return _to_client(
            request,
            refused.redirect_uri,
            error=refused.error,
            error_description=refused.description,
            state=refused.state,
        )
    try:
        if is_denied:
            raise Refused("access_denied", "The person did not agree.")
        return _respond(request, attempt, asked)
    except Refused as refusal:
        return _to_client(
            request,
            asked.redirect_uri,
            error=refusal.error,
            error_description=refusal.description,
            state=asked.state,
        )


def _respond(request: HttpRequest, attempt: Attempt, asked: AuthorizationRequest) -> HttpResponse:
    _check_prompts(attempt)
    proof = _find_proof(request, attempt, asked)
    if proof is None:
        if "none" in attempt.prompts:
            raise Refused("login_required", "The person has to sign in.")
        return _to_sign_in(request, attempt, asked)
    if not _is_authentication_fresh(attempt, proof):
        return _to_authentication(request, attempt, asked, proof)
    _check_hint(attempt, proof)
    if not _has_consent(request, attempt, asked):
        if "none" in attempt.prompts:
            raise Refused("consent_required", "The person has to agree.")
        return _consent_page(request, attempt, asked)
    code = _create_code(request, asked, proof)
    return _to_client(request, asked.redirect_uri, code=code, state=asked.state)


def _check_prompts(attempt: Attempt) -> None:
    prompts = attempt.prompts
    if not prompts <= _PROMPTS:
        raise Refused("invalid_request", "prompt has an unknown value.")
    if "none" in prompts and len(prompts) > 1:
        raise Refused("invalid_request", "prompt=none goes with no other value.")
    if (max_age := attempt.get("max_age")) and not _MAX_AGE.fullmatch(max_age):
        raise Refused("invalid_request", "max_age is not a number of seconds.")


def _find_proof(
    request: HttpRequest, attempt: Attempt, asked: AuthorizationRequest
) -> SignIn | None:
    """Return the sign-in of this session that counts for the request."""
    if not request.user.is_authenticated:
        return None
    proof = session.find_proof(
        request, asked.client.application_id, connection=attempt.get("connection")
    )
    if proof is None or SELECT_ACCOUNT not in attempt.prompts:
        return proof
    return proof if attempt.is_resumed and proof.at >= attempt.began_at else None


def _is_authentication_fresh(attempt: Attempt, proof: SignIn) -> bool:
    """Return whether the person has authenticated as lately as the client asks.

    Only Microsoft's word counts (``auth_time``): a browser can leave out what it was told to ask
    for, and Microsoft may let people in without asking them anything.
    """
    wants_login, max_age = _LOGIN in attempt.prompts, attempt.get("max_age")
    if not wants_login and not max_age:
        return True
    known = proof.authenticated_at
    if attempt.is_resumed and min(proof.at, known + _LEEWAY) >= attempt.began_at:
        return True
    return not wants_login and bool(known) and time.time() - known <= int(max_age)


def _to_authentication(
    request: HttpRequest, attempt: Attempt, asked: AuthorizationRequest, proof: SignIn
) -> HttpResponse:
    """Lead the person to Microsoft once, to authenticate again."""
    if "none" in attempt.prompts or attempt.asks_login:
        raise Refused("login_required", "Microsoft does not confirm a new authentication.")
    target = find_enabled(request, proof.name, asked.client.application.slug)
    if target is None:
        raise Refused("login_required", "The person has to sign in.")
    name = pending.new_name()
    hint = attempt.get("login_hint")[:_MAX_LOGIN_HINT] or proof.hint
    start = Start(target, _resume_path(name), login_hint=hint, prompt=_LOGIN)
    response = redirect_to_microsoft(request, start)
    began = PendingRequest(attempt.parameters, attempt.began_at, asks_login=True)
    pending.remember(request, response, name, began)
    return response


def _resume_path(name: str) -> str:
    return reverse(f"{NAMESPACE}:resume") + buttons.query(request=name)


def _to_sign_in(
    request: HttpRequest, attempt: Attempt, asked: AuthorizationRequest
) -> HttpResponse:
    """Lead the person to the application's sign-in page, or straight to Microsoft."""
    name = pending.new_name()
    parameters = {
        "application": asked.client.application.slug,
        "next": _resume_path(name),
        "prompt": SELECT_ACCOUNT if SELECT_ACCOUNT in attempt.prompts else "",
    }
    hint = attempt.get("login_hint")[:_MAX_LOGIN_HINT]
    connection = None if attempt.is_resumed else _chosen_connection(request, attempt, asked, hint)
    if connection is not None:
        url = buttons.start_url(connection, login_hint=hint, **parameters)
    else:
        url = buttons.sign_in_url(**parameters)
    response = redirect_browser(request, url)
    began = PendingRequest(attempt.parameters, attempt.began_at)
    pending.remember(request, response, name, began)
    return response


def _chosen_connection(
    request: HttpRequest, attempt: Attempt, asked: AuthorizationRequest, hint: str
) -> Connection | None:
    """Return the connection that the client names, or the only one that the address leads to."""
    application = asked.client.application
    if name := attempt.get("connection"):
        named: Connection | None = Connection._default_manager.filter(
            enabledconnection__application=application, name_key=lookup_name(name).lower()
        ).first()
        if named is None:
            raise Refused("invalid_request", "The connection is not enabled for the client.")
        return named
    if hint:
        targets = realm.discover(request, application, hint).targets
        return targets[0].connection if len(targets) == 1 else None
    return None


def _check_hint(attempt: Attempt, proof: SignIn) -> None:
    """Refuse a request that is about another person than the one who is signed in."""
    hint = attempt.get("id_token_hint")
    if not hint:
        return
    hinted = keys.verify(hint)
    identity = claims.find_identity(proof.identity)
    if hinted is None or identity is None or hinted.get("sub") != claims.subject(identity):
        raise Refused("login_required", "Another person is signed in.")


def _has_consent(request: HttpRequest, attempt: Attempt, asked: AuthorizationRequest) -> bool:
    if attempt.is_consent_given:
        ClientConsent.objects.give(asked.client, request.user, _agreed_to(asked))
        return True
    if "consent" in attempt.prompts:
        return False
    if asked.client.is_first_party:
        return True
    return ClientConsent.objects.covers(asked.client, request.user, _agreed_to(asked))


def _agreed_to(asked: AuthorizationRequest) -> list[str]:
    """Return what a consent is stored as: another API may call its scopes the same."""
    if asked.api is None:
        return asked.scopes
    of_person = [scope for scope in asked.scopes if scope in scopes.DESCRIPTIONS]
    of_api = [scope for scope in asked.scopes if scope not in scopes.DESCRIPTIONS]
    return [*of_person, *(f"{asked.api.pk}:{scope}" for scope in ("", *of_api))]


def _consent_page(
    request: HttpRequest, attempt: Attempt, asked: AuthorizationRequest
) -> HttpResponse:
    content = [
        attempt.parameters,
        attempt.began_at,
        attempt.is_resumed,
        attempt.asks_login,
        time.time(),
    ]
    meanings = {**(asked.api.scope_descriptions if asked.api else {}), **scopes.DESCRIPTIONS}
    response = render(
        request,
        "azuread_connections/provider/consent.html",
        {
            "application": asked.client.application,
            "scopes": [meanings[scope] for scope in asked.scopes],
            "api": asked.api,
            "sealed": sealing.seal(_CONSENT_SEAL, content, name=str(request.user.pk)),
        },
    )
    return _unframed(response)


def _sealed_attempt(request: HttpRequest) -> Attempt | None:
    """Return what a consent page was about, if it was shown to this very person a moment ago."""
    sealed = request.POST.get("request", "")
    try:
        content = sealing.unseal(_CONSENT_SEAL, sealed, name=str(request.user.pk))
    except BrokenSeal:
        return None
    match content:
        case [
            list(parameters),
            int() | float() as began_at,
            bool(is_resumed),
            bool(asks_login),
            int() | float() as shown_at,
        ] if time.time() < shown_at + pending.LIFETIME:
            pairs = [(key, value) for key, value in parameters]
            return Attempt(pairs, began_at, is_resumed, asks_login, is_consent_given=True)
    return None


def _create_code(request: HttpRequest, asked: AuthorizationRequest, proof: SignIn) -> str:
    code = secrets.token_urlsafe(32)
    rows: Any = Authorization.objects.using(router.db_for_write(Authorization))
    rows.create(
        client=asked.client,
        user_id=request.user.pk,
        identity_id=proof.identity,
        connection_id=proof.connection,
        tenant_id=proof.tenant,
        microsoft_session_id=proof.sid,
        signed_in_at=proof.at,
        browser_session=browser_session.name_of(request),
        authenticated_at=proof.authenticated_at,
        code_digest=digest_of(code),
        code_expires_at=timezone.now() + lifetimes.CODE,
        redirect_uri=asked.redirect_uri,
        scope=" ".join(asked.scopes),
        nonce=asked.nonce,
        code_challenge=asked.code_challenge,
        api=asked.api,
    )
    return code


def _to_client(request: HttpRequest, redirect_uri: str, **answer: str) -> HttpResponse:
    """Lead the browser back to the client, with the issuer's name (RFC 9207)."""
    given = [(name, value) for name, value in answer.items() if value]
    url = add_params_to_uri(redirect_uri, [*given, ("iss", issuer(request))])
    response = redirect_browser(request, url)
    response["Referrer-Policy"] = "no-referrer"
    return response


def _error_page(request: HttpRequest, code: str) -> HttpResponse:
    """Answer a request that nobody can be sent back with.

    An unknown client and a foreign redirect URI get the same page, which tells nothing of either.
    """
    response = render(
        request, "azuread_connections/provider/error.html", {"code": code}, status=400
    )
    response["Referrer-Policy"] = "no-referrer"
    return already_logged(_unframed(response))


def _unframed(response: HttpResponse) -> HttpResponse:
    response["X-Frame-Options"] = "DENY"
    return response


def _parameters(query: Any) -> Parameters:
    return [(name, value) for name, values in query.lists() for value in values]
