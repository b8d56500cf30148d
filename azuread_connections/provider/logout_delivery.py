"""Tells clients that a person's sign-in has ended: OpenID Connect Back-Channel Logout 1.0.

A notice is a row until the client has confirmed it, so it survives a restart. Requests are made in
threads that touch no database: however slow a client or its name server is, the caller waits no
longer than it wants to.
"""

from __future__ import annotations

import logging
import math
import threading
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import router
from django.db.models import F
from django.utils import timezone

from ..entra.errors import EntraError
from ..log_fields import LogEvent, log_fields
from . import keys
from .issuer import issuer
from .models import LogoutNotice
from .outbound import AddressRefused, post_form

logger = logging.getLogger("azuread_connections")

_EVENT = "http://schemas.openid.net/event/backchannel-logout"
#: Seconds for which a client accepts the token. It is signed again for each attempt.
_TOKEN_LIFETIME = 120
#: Nobody else sends a notice while somebody does.
_LEASE = timedelta(minutes=2)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
#: A client that was away for so long has other worries.
_GIVE_UP_AFTER = timedelta(days=1)
_PARALLEL = 10
#: Seconds for a batch of the command, and for all clients that a person's own sign-out tells.
_PATIENT, _QUICK = 10.0, 2.0
#: Seconds after which a client counts as slow: the command tells the others first.
_SLOW = 1.0
#: Clients that a person's sign-out tells within the request. The command tells the others.
_AT_ONCE = 8


@dataclass
class Delivery:
    """A notice on its way. ``problem``: why it has not been confirmed, "" if it has.
    ``answered_after``: seconds; infinity for no answer."""

    notice: LogoutNotice
    uri: str
    problem: str = "no answer in time"
    answered_after: float = math.inf


def send_at_once(notices: list[int]) -> None:
    """Send notices within a person's request: at most eight, for at most two seconds."""
    rows = LogoutNotice.objects.using(_alias()).filter(pk__in=notices).order_by("pk")
    _deliver(_claimed(rows.select_related(*_RELATED)[:_AT_ONCE]), _QUICK)


def send_due() -> tuple[int, int]:
    """Send all notices that are due; return how many were confirmed, and how many were not.

    A client with many people could keep all others waiting: one that answers slowly comes last, and
    what is left for one that does not answer is due in the next run.
    """
    confirmed = failed = 0
    slow: set[int] = set()
    silent: set[int] = set()
    # Whatever this run has tried is due later.
    due = LogoutNotice.objects.using(_alias()).filter(due_at__lte=timezone.now())
    while batch := _first(due.exclude(client__in=slow | silent)) or _first(
        due.exclude(client__in=silent)
    ):
        done = _deliver(_claimed(batch), _PATIENT)
        confirmed += sum(not each.problem for each in done)
        failed += sum(bool(each.problem) for each in done)
        slow |= {each.notice.client_id for each in done if each.answered_after > _SLOW}
        silent |= {each.notice.client_id for each in done if each.answered_after == math.inf}
    return confirmed, failed


def _first(due: Any) -> list[LogoutNotice]:
    return list(due.select_related(*_RELATED).order_by("due_at", "pk")[:_PARALLEL])


_RELATED = ("client__application", "client__oauth_application")


def _claimed(notices: Iterable[LogoutNotice]) -> list[LogoutNotice]:
    """Return those that nobody else is sending."""
    until = timezone.now() + _LEASE
    rows = LogoutNotice.objects.using(_alias())
    return [
        notice
        for notice in notices
        if rows.filter(pk=notice.pk, due_at=notice.due_at, attempts=notice.attempts).update(
            due_at=until, attempts=F("attempts") + 1
        )
    ]


def _deliver(notices: list[LogoutNotice], seconds: float) -> list[Delivery]:
    ends_at = time.monotonic() + seconds
    deliveries = [Delivery(notice, notice.client.backchannel_logout_uri) for notice in notices]
    threads = [
        threading.Thread(target=_send, args=(each, _token(each.notice), seconds), daemon=True)
        for each in deliveries
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, ends_at - time.monotonic()))
    for each in deliveries:
        _note(each)
    return deliveries


def _token(notice: LogoutNotice) -> str:
    """Return a logout token (section 2.4). It has no nonce, so it cannot pass as an ID token."""
    now = int(time.time())
    return keys.sign(
        {
            "iss": issuer(None),
            "sub": notice.subject,
            "aud": notice.client.client_id,
            "iat": now,
            "exp": now + _TOKEN_LIFETIME,
            "jti": str(uuid.uuid4()),
            "events": {_EVENT: {}},
            "sid": notice.session_id,
        },
        typ=keys.TYP_LOGOUT_JWT,
    )


def _send(delivery: Delivery, token: str, seconds: float) -> None:
    """Runs in a thread of its own, without the database."""
    began_at = time.monotonic()
    try:
        status = post_form(delivery.uri, {"logout_token": token}, seconds=seconds)
    except (AddressRefused, EntraError) as error:
        delivery.problem = str(error)
    except Exception as error:
        delivery.problem = type(error).__name__
    else:
        delivery.answered_after = time.monotonic() - began_at
        # Section 2.8. Many frameworks answer 204 to what has no body.
        delivery.problem = "" if status in {200, 204} else f"status {status}"


def _note(delivery: Delivery) -> None:
    notice, problem = delivery.notice, delivery.problem
    row: Any = LogoutNotice.objects.using(_alias()).filter(pk=notice.pk)
    if not problem:
        row.delete()
        return
    now = timezone.now()
    if notice.created_at + _GIVE_UP_AFTER <= now:
        logger.warning(
            "The logout notice for the client %s failed: %s. No further attempt.",
            notice.client,
            problem,
            extra=_log_fields(notice, problem),
        )
        row.delete()
        return
    logger.info(
        "The logout notice for the client %s failed: %s.",
        notice.client,
        problem,
        extra=_log_fields(notice, problem),
    )
    row.update(due_at=now + min(_FIRST_PAUSE * 2 ** min(notice.attempts, 10), _LONGEST_PAUSE))


def _log_fields(notice: LogoutNotice, problem: str) -> dict[str, Any]:
    application = notice.client.application.slug
    return log_fields(LogEvent.LOGOUT_NOTICE_FAILED, application=application, detail=problem)


def _alias() -> str:
    return router.db_for_write(LogoutNotice)
