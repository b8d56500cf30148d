"""Logs what a customer's administrator tries in a set-up."""

from __future__ import annotations

import logging
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from ...client_address import client_address
from ...entra.text import storable
from ...models import Event, SetupLink
from . import events

_MAX_PERSON = 254
_MAX_MESSAGE = 4000


def record_trial(request: HttpRequest, link: SetupLink, outcome: dict[str, Any]) -> None:
    """Log a trial: who signed in at Microsoft and whether it works, but no other claim.

    A link can try as often as it likes, so there is one row a minute for each result.
    """
    profile = outcome.get("profile", {})
    person = profile.get("username") or profile.get("email") or ""
    now = timezone.now()
    code = outcome.get("code", "")
    result = "Tried: it works."
    if not outcome["works"]:
        result = f"Tried: {outcome['summary']} {outcome['detail']}".replace("  ", " ")
    event = Event(
        created_at=now,
        kind=Event.Kind.SETUP_STEP,
        code=code,
        reference=link.reference,
        connection=link.connection,
        connection_name=link.connection_name,
        person=storable(person)[:_MAX_PERSON],
        aadsts_code=outcome.get("aadsts_code"),
        message=storable(result.strip())[:_MAX_MESSAGE],
        correlation_id=outcome.get("correlation_id", ""),
        trace_id=outcome.get("trace_id", ""),
        is_unconfirmed=outcome.get("is_unconfirmed", False),
        address=client_address(request),
        counter_key=f"{Event.Kind.SETUP_STEP}:{code}:link {link.pk}:{now:%Y%m%d%H%M}",
    )
    events.store_counted(event, logging.INFO)
