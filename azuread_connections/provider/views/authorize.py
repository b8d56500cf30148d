"""The authorization endpoint: from a client's request to a code, by way of a sign-in if needed."""

from __future__ import annotations

import secrets
import time
from functools import partial
from typing import Any

from django.db import IntegrityError, router, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.generic import View

from ...conf import conf
from ...login.flows.begin import SELECT_ACCOUNT, Start, redirect_to_microsoft
from ...login.flows.redirects import DestinationRedirect, redirect_browser
from ...login.lookup import addresses, realm
from ...login.lookup.enabled import find_enabled, lookup_name
from ...login.state import session
from ...login.state.session import SignIn
from ...login.web import buttons, display
from ...login.web.display import Display, choose_language
from ...login.web.entry import entry
from ...models import Connection
from .. import browser_session, claims, judge, keys, lifetimes, pending
from ..attempt import LOGIN, Attempt, Parameters, Refused, check_prompts, is_authentication_fresh
from ..issuer import NAMESPACE
from ..models import Authorization
from ..models.client_secret import digest_of
from ..native import needs_confirmation
from ..pending import PendingRequest
from ..response_modes import WEB_MESSAGE, Recipient, find_recipient
from ..server import (
    AuthorizationRequest,
    RefusedRequest,
    UntrustedRequest,
    check_authorization_request,
)
from ..subjects import is_subject
from .answers import as_get, error_page, to_client
from .consent import agreed_attempt, confirmation_page, consent_page, has_consent

#: What does not fit would be lost on its way: servers and Django refuse longer addresses.
_MAX_QUERY = 2_000
_MAX_LOGIN_HINT = 254


@method_decorator(entry, name="dispatch")
@method_decorator(csrf_exempt, name="dispatch")
class AuthorizeView(View):
    """Where clients send people to sign in."""

    # Not HEAD: a link preview must not get a code.
    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest) -> HttpResponse:
        if len(request.META.get("QUERY_STRING", "")) > _MAX_QUERY:
            return error_page(request, "invalid_request")
        if addresses.must_move(request, is_own_host=False):
            return _to_main_host(request)
        parameters = [pair for pair in _parameters(request.GET) if pair[0] != addresses.MOVED]
        try:
            return respond(request, Attempt(parameters, time.time()))
        except pending.TooLong:
            return error_page(request, "invalid_request")

    def post(self, request: HttpRequest) -> HttpResponse:
        """The same by a form of another site, which brings no cookie (OpenID Connect Core section
        3.1.2.1)."""
        return as_get(request, most=_MAX_QUERY)


@method_decorator(entry, name="dispatch")
class ResumeView(View):
    """Where a person comes back to who was sent to sign in."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest) -> HttpResponse:
        name = request.GET.get("request", "")
        found = pending.find(request, name)
        if found is None:
            return error_page(request, "request_expired")
        attempt = Attempt(
            found.parameters, found.began_at, is_resumed=True, asks_login=found.asks_login
        )
        try:
            response = respond(request, attempt)
        except pending.TooLong:
            response = error_page(request, "invalid_request")
        pending.forget(request, response, name)
        display.forget(request, response)
        return response


@method_decorator(entry, name="dispatch")
@method_decorator(csrf_protect, name="dispatch")
class ConsentView(View):
    """Takes the answer of the consent page."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        attempt = agreed_attempt(request)
        if attempt is None:
            return error_page(request, "request_expired")
        return respond(request, attempt, is_denied="allow" not in request.POST)


def respond(request: HttpRequest, attempt: Attempt, *, is_denied: bool = False) -> HttpResponse:
    """Answer an authorization request, shown as it asks for."""
    answer: HttpResponse = display.shown(
        _display(attempt), partial(_respond, request, attempt, is_denied=is_denied)
    )
    return answer


def _respond(request: HttpRequest, attempt: Attempt, *, is_denied: bool) -> HttpResponse:
    try:
        asked = check_authorization_request(request, attempt.parameters)
    except UntrustedRequest:
        return error_page(request, "invalid_request")
    except RefusedRequest as refused:
        return to_client(
            request,
            find_recipient(refused.client_id, refused.redirect_uri, refused.response_mode),
            error=refused.error,
            error_description=refused.description,
            state=refused.state,
        )
    recipient = find_recipient(asked.client.client_id, asked.redirect_uri, asked.response_mode)
    try:
        if not recipient.is_as_asked:
            raise Refused(
                "invalid_request",
                "This response_mode needs an https redirect_uri, and web_message a redirect_uri on "
                "one of the web origins of the client.",
            )
        if is_denied:
            raise Refused("access_denied", "The person did not agree.")
        return _answer(request, attempt, asked, recipient)
    except Refused as refusal:
        return to_client(
            request,
            recipient,
            error=refusal.error,
            error_description=refusal.description,
            state=asked.state,
        )


def _answer(
    request: HttpRequest, attempt: Attempt, asked: AuthorizationRequest, recipient: Recipient
) -> HttpResponse:
    check_prompts(attempt)
    proof = _find_proof(request, attempt, asked)
    if proof is None:
        return _without_proof(request, attempt, asked)
    if not is_authentication_fresh(attempt, proof):
        return _to_authentication(request, attempt, asked, proof)
    _check_hint(attempt, proof)
    if not has_consent(request, attempt, asked):
        if "none" in attempt.prompts:
            raise Refused("consent_required", "The person has to agree.")
        return consent_page(request, attempt, asked)
    if needs_confirmation(attempt, asked, proof):
        if "none" in attempt.prompts:
            raise Refused("interaction_required", "The person has to confirm a native application.")
        return confirmation_page(request, attempt, asked)
    code = _create_code(request, asked, proof)
    if code is None:
        return _without_proof(request, attempt, asked)
    return to_client(request, recipient, code=code, state=asked.state)


def _without_proof(
    request: HttpRequest, attempt: Attempt, asked: AuthorizationRequest
) -> HttpResponse:
    if "none" in attempt.prompts:
        raise Refused("login_required", "The person has to sign in.")
    return _to_sign_in(request, attempt, asked)


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
    start = Start(target, _resume_path(name), login_hint=hint, prompt=LOGIN)
    response = redirect_to_microsoft(request, start)
    began = PendingRequest(attempt.parameters, attempt.began_at, asks_login=True)
    pending.remember(request, response, name, began)
    display.remember(request, response, _display(attempt), pending.LIFETIME)
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
    display.remember(request, response, _display(attempt), pending.LIFETIME)
    return response


def _display(attempt: Attempt) -> Display:
    return Display(
        choose_language(attempt.get("ui_locales")), attempt.get("response_mode") == WEB_MESSAGE
    )


def _to_main_host(request: HttpRequest) -> HttpResponse:
    """Lead a request that came to another host of this site to PUBLIC_URL: the session, and the
    issuer that clients know, are there."""
    moved = request.GET.copy()
    moved[addresses.MOVED] = "1"
    return DestinationRedirect(f"{conf.public_url}{request.path}?{moved.urlencode()}")


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
    hinted = keys.verify_hint(hint)
    identity = claims.find_identity(proof.identity)
    if hinted is None or identity is None or not is_subject(identity, hinted.get("sub")):
        raise Refused("login_required", "Another person is signed in.")


def _create_code(request: HttpRequest, asked: AuthorizationRequest, proof: SignIn) -> str | None:
    """Return a code; None if the identity or the connection was deleted since the session was last
    looked at."""
    code = secrets.token_urlsafe(32)
    using = router.db_for_write(Authorization)
    rows: Any = Authorization.objects.using(using)
    try:
        # Some databases look at foreign keys when the transaction ends.
        with transaction.atomic(using=using):
            rows.create(
                client=asked.client,
                user_id=request.user.pk,
                **judge.sign_in_columns(proof),
                microsoft_session_id=proof.sid,
                browser_session=browser_session.name_of(request),
                code_digest=digest_of(code),
                code_expires_at=timezone.now() + lifetimes.CODE,
                redirect_uri=asked.redirect_uri,
                scope=" ".join(asked.scopes),
                nonce=asked.nonce,
                code_challenge=asked.code_challenge,
                api=asked.api,
            )
    except IntegrityError:
        return None
    return code


def _parameters(query: Any) -> Parameters:
    return [(name, value) for name, values in query.lists() for value in values]
