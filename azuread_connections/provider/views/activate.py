"""Where a person types the code that a device shows, sees what asks for it, and answers."""

from __future__ import annotations

import time
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import View

from ...client_address import client_address
from ...login.flows.begin import SELECT_ACCOUNT
from ...login.flows.redirects import redirect_browser
from ...login.state import sealing, session
from ...login.state.sealing import BrokenSeal
from ...login.state.session import SignIn
from ...login.web import buttons
from ...login.web.entry import entry
from ...login.web.error_page import already_logged
from .. import client_log, device_codes, device_limits, pending, user_codes
from ..issuer import NAMESPACE
from ..models import DeviceAuthorization
from ..pending import PendingRequest
from . import consent
from .answers import unframed

_SEAL = "provider.activate"
_PENDING_SEAL = "provider.activate.pending"
_CODE = "user_code"


@method_decorator(sensitive_post_parameters(), name="dispatch")
@method_decorator(entry, name="dispatch")
@method_decorator(csrf_protect, name="dispatch")
class ActivateView(View):
    """The end-user verification page (RFC 8628 section 3.3).

    Every device is confirmed here, those of first-party clients and by
    ``verification_uri_complete`` too: who sends somebody else a code would be let in otherwise
    (sections 5.3 and 5.4).
    """

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest) -> HttpResponse:
        if name := request.GET.get("request", ""):
            return _resume(request, name)
        if typed := request.GET.get(_CODE, ""):
            return _try_code(request, typed)
        return _code_page(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        if sealed := request.POST.get("request", ""):
            return _take_answer(request, sealed)
        return _try_code(request, request.POST.get(_CODE, ""))


def _try_code(request: HttpRequest, typed: str) -> HttpResponse:
    """Go on with a code that may be a guess."""
    if not device_limits.may_try_code(request):
        return _code_page(request, "too_many", status=429)
    code = user_codes.parse(typed)
    return _go_on(request, code) if code else _code_page(request, "unknown", status=400)


def _resume(request: HttpRequest, name: str) -> HttpResponse:
    """Go on with the code of a person who was sent to sign in."""
    found = pending.find(request, name)
    code = _unseal_code(found) if found else ""
    response = _go_on(request, code, is_resumed=True) if code else _code_page(request)
    pending.forget(request, response, name)
    return response


def _seal_code(code: str) -> PendingRequest:
    return PendingRequest([(_CODE, sealing.seal(_PENDING_SEAL, code))], time.time())


def _unseal_code(found: PendingRequest) -> str:
    """Return the code that ``_seal_code`` sealed.

    Not any other: an authorization request can have a parameter of that name, and nobody has
    counted the guess.
    """
    try:
        return str(sealing.unseal(_PENDING_SEAL, dict(found.parameters).get(_CODE, "")))
    except BrokenSeal:
        return ""


def _go_on(request: HttpRequest, code: str, *, is_resumed: bool = False) -> HttpResponse:
    """Show what asks for a code to the person who can answer it."""
    device = device_codes.find_waiting(code)
    if device is None:
        return _code_page(request, "unknown", status=400)
    proof = _find_proof(request, device)
    if proof is not None:
        return _confirmation_page(request, device, code)
    return _to_sign_in(request, device, code, is_refused=is_resumed or _is_signed_in(request))


def _take_answer(request: HttpRequest, sealed: str) -> HttpResponse:
    """Do what a person has chosen on the confirmation page, if it was shown to this very person."""
    try:
        content = sealing.unseal(_SEAL, sealed, name=str(request.user.pk))
    except BrokenSeal:
        content = None
    match content:
        case [int() as key, str() as code]:
            device = device_codes.find_waiting_by_key(key)
        case _:
            return _code_page(request, "unknown", status=400)
    if device is None:
        return _code_page(request, "answered", status=400)
    is_allowed = "allow" in request.POST
    if not is_allowed:
        return _answered_page(request, device, device_codes.deny(device), is_allowed)
    proof = _find_proof(request, device)
    if proof is None:  # their sign-in has ended since
        return _to_sign_in(request, device, code, is_refused=_is_signed_in(request))
    try:
        is_first = device_codes.allow(device, request.user, proof)
    except device_codes.SignInGone:
        return _to_sign_in(request, device, code, is_refused=False)
    if is_first:
        consent.give_for_device(device, request.user)
    return _answered_page(request, device, is_first, is_allowed)


def _find_proof(request: HttpRequest, device: DeviceAuthorization) -> SignIn | None:
    """Return the sign-in of this session by a connection that is enabled for the application."""
    if not request.user.is_authenticated:
        return None
    return session.find_proof(request, device.client.application_id)


def _is_signed_in(request: HttpRequest) -> bool:
    """Return whether the session has a sign-in by any connection that holds."""
    newest = session.newest(request) if request.user.is_authenticated else None
    return newest is not None and session.is_still_valid(newest, request.user.pk)


def _to_sign_in(
    request: HttpRequest, device: DeviceAuthorization, code: str, *, is_refused: bool
) -> HttpResponse:
    """Lead the person to the application's sign-in page, and back. ``is_refused``: with a page
    before that says why the account that they are signed in with is not enough."""
    name = pending.new_name()
    url = buttons.sign_in_url(
        application=device.client.application.slug,
        next=reverse(f"{NAMESPACE}:activate") + buttons.query(request=name),
        prompt=SELECT_ACCOUNT if is_refused else "",
    )
    response: HttpResponse = redirect_browser(request, url)
    if is_refused:
        context = {"application": device.client.application, "sign_in_url": url}
        response = _page(request, "activate_refused", context, status=403)
    pending.remember(request, response, name, _seal_code(code))
    return response


# --- The pages ------------------------------------------------------------------------------------


def _code_page(request: HttpRequest, problem: str = "", *, status: int = 200) -> HttpResponse:
    return _page(request, "activate", {"problem": problem}, status=status)


def _confirmation_page(
    request: HttpRequest, device: DeviceAuthorization, code: str
) -> HttpResponse:
    context = {
        "application": device.client.application,
        "api": device.api,
        "scopes": consent.meanings(device.scopes, device.api),
        "device": device,
        "logo_url": device.client.logo_uri,
        "code": user_codes.shown(code),
        "own_address": client_address(request),
        "sealed": sealing.seal(_SEAL, [device.pk, code], name=str(request.user.pk)),
    }
    return _page(request, "activate_confirm", context)


def _answered_page(
    request: HttpRequest, device: DeviceAuthorization, is_first: bool, is_allowed: bool
) -> HttpResponse:
    """Log an answer and confirm it, if it was the first."""
    if not is_first:
        return _code_page(request, "answered", status=400)
    client_log.log_device_answer(
        "allowed" if is_allowed else "denied", device, request.user.pk, client_address(request)
    )
    context = {"application": device.client.application, "is_allowed": is_allowed}
    return _page(request, "activate_done", context)


def _page(
    request: HttpRequest, name: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    response = render(request, f"azuread_connections/provider/{name}.html", context, status=status)
    # The address can hold the code. Not "no-referrer": browsers would send forms without an origin.
    response["Referrer-Policy"] = "same-origin"
    return already_logged(unframed(response))
