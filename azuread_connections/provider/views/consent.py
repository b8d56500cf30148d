"""The consent page: what a client of somebody else may know and do, and who has agreed to it."""

from __future__ import annotations

import time
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ...login.state import sealing
from ...login.state.sealing import BrokenSeal
from .. import pending, scopes
from ..attempt import Attempt
from ..models import API, ClientConsent, DeviceAuthorization
from ..server import AuthorizationRequest
from .answers import unframed

_SEAL = "provider.consent"


def has_consent(request: HttpRequest, attempt: Attempt, asked: AuthorizationRequest) -> bool:
    if attempt.is_consent_given:
        ClientConsent.objects.give(asked.client, request.user, _agreed_to(asked))
        return True
    if "consent" in attempt.prompts:
        return False
    if asked.client.is_first_party:
        return True
    return ClientConsent.objects.covers(asked.client, request.user, _agreed_to(asked))


def _agreed_to(asked: AuthorizationRequest | DeviceAuthorization) -> list[str]:
    """Return what a consent is stored as: another API may call its scopes the same."""
    if asked.api is None:
        return asked.scopes
    of_person = [scope for scope in asked.scopes if scope in scopes.DESCRIPTIONS]
    of_api = [scope for scope in asked.scopes if scope not in scopes.DESCRIPTIONS]
    return [*of_person, *(f"{asked.api.pk}:{scope}" for scope in ("", *of_api))]


def consent_page(
    request: HttpRequest, attempt: Attempt, asked: AuthorizationRequest
) -> HttpResponse:
    response = render(
        request,
        "azuread_connections/provider/consent.html",
        {
            "application": asked.client.application,
            "logo_url": asked.client.logo_uri,
            "scopes": meanings(asked.scopes, asked.api),
            "api": asked.api,
            "sealed": _seal(request, attempt, asks_consent=True),
        },
    )
    return unframed(response)


def confirmation_page(
    request: HttpRequest, attempt: Attempt, asked: AuthorizationRequest
) -> HttpResponse:
    """Ask whether the person wants to go on to a client that others can pose as."""
    response = render(
        request,
        "azuread_connections/provider/continue.html",
        {
            "application": asked.client.application,
            "logo_url": asked.client.logo_uri,
            "sealed": _seal(request, attempt, asks_consent=False),
        },
    )
    return unframed(response)


def _seal(request: HttpRequest, attempt: Attempt, *, asks_consent: bool) -> str:
    content = [
        attempt.parameters,
        attempt.began_at,
        attempt.is_resumed,
        attempt.asks_login,
        asks_consent,
        time.time(),
    ]
    return sealing.seal(_SEAL, content, name=str(request.user.pk))


def agreed_attempt(request: HttpRequest) -> Attempt | None:
    """Return what a page was about, if it was shown to this very person a moment ago."""
    sealed = request.POST.get("request", "")
    try:
        content = sealing.unseal(_SEAL, sealed, name=str(request.user.pk))
    except BrokenSeal:
        return None
    match content:
        case [
            list(parameters),
            int() | float() as began_at,
            bool(is_resumed),
            bool(asks_login),
            bool(asks_consent),
            int() | float() as shown_at,
        ] if time.time() < shown_at + pending.LIFETIME:
            pairs = [(key, value) for key, value in parameters]
            return Attempt(
                pairs,
                began_at,
                is_resumed,
                asks_login,
                is_consent_given=asks_consent,
                # A consent page says to whom the person goes on, too.
                is_confirmed=True,
            )
    return None


def give_for_device(device: DeviceAuthorization, user: Any) -> None:
    """Store that a person lets a client know what its device asks for, as is done elsewhere."""
    if not device.client.is_first_party:
        ClientConsent.objects.give(device.client, user, _agreed_to(device))


def meanings(granted: list[str], api: API | None) -> list[Any]:
    """Return what the pages say of scopes."""
    known = {**(api.scope_descriptions if api else {}), **scopes.DESCRIPTIONS}
    # "All this also while you are away" is about the others.
    ordered = sorted(granted, key=lambda scope: scope == scopes.OFFLINE_ACCESS)
    return [known.get(scope, scope) for scope in ordered]
