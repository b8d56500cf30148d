"""Ends sign-ins to clients, and writes down which clients have to be told (OpenID Connect
Back-Channel Logout 1.0).

Not for a sign-in that a client ends itself, or whose tokens somebody may have stolen: the person's
session goes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from django.db import router, transaction
from django.utils import timezone

from ..conf import conf
from . import claims
from .models import Authorization, LogoutNotice

#: Databases limit the parameters of a statement.
_BATCH = 200


def end(authorizations: Iterable[Authorization]) -> list[int]:
    """End these with their tokens, because the session or the person's right to sign in has ended.

    Return the keys of the notices that are to be sent. ``send_logout_notices`` sends them, too.
    """
    found = list(authorizations)
    with transaction.atomic(using=_alias()):
        for authorization in found:
            if authorization.revoked_at is None:
                authorization.revoke()
        return announce(found)


def announce(authorizations: Iterable[Authorization]) -> list[int]:
    """Write down the clients of these that have to be told; return the keys of the notices.

    One for each client and sign-in. Without PUBLIC_URL there is no issuer that a command knows, so
    nobody is told.
    """
    rest, written = iter(authorizations), []
    while batch := list(islice(rest, _BATCH)):
        written += _announce(batch)
    return written


def _announce(authorizations: list[Authorization]) -> list[int]:
    now = timezone.now()
    notices = {
        (authorization.client_id, claims.session_id(authorization)): authorization
        for authorization in authorizations
        if authorization.client.backchannel_logout_uri and authorization.code_used_at is not None
    }
    if not notices or not conf.public_url:
        return []
    rows = LogoutNotice.objects.using(_alias())
    rows.bulk_create(
        (
            LogoutNotice(
                client_id=client_id,
                session_id=session_id,
                subject=claims.person_claims(authorization, ())["sub"],
                due_at=now,
            )
            for (client_id, session_id), authorization in notices.items()
        ),
        ignore_conflicts=True,
    )
    written = rows.filter(
        client__in={client_id for client_id, _session_id in notices},
        session_id__in={session_id for _client_id, session_id in notices},
        due_at__lte=now,
    )
    return list(written.values_list("pk", flat=True))


def _alias() -> str:
    return router.db_for_write(Authorization)
