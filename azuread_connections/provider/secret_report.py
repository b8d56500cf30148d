"""The clients' secrets in ``check_secrets``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q

from ..credentials.report import CredentialLine, pages_by_date
from ..credentials.status import CredentialStatus, days_left, describe_expiry, end_of_day
from .models import OAuthClientSecret
from .models.client import PUBLIC_TYPES

_COLUMNS = (
    *("pk", "hint", "expires_at", "superseded"),
    *("client__oauth_application__client_id", "client__application__slug"),
)


def client_secret_lines(
    now: datetime, days: int, include_superseded: bool
) -> Iterator[CredentialLine]:
    """Yield a line for each client secret that is expired or expires within ``days``.

    One that lasts longer, or has no end, supersedes it. A secret without an end is never reported:
    it was given none, whereas the end of one of Microsoft's is only unknown here. Nor is that of a
    public client, which cannot use it.
    """
    lasts_longer = Q(expires_at__gt=now) & Q(expires_at__gt=OuterRef("expires_at"))
    longer = Q(expires_at__isnull=True) | lasts_longer
    others = OAuthClientSecret._default_manager.filter(longer, client=OuterRef("client"))
    secrets = (
        OAuthClientSecret._default_manager.filter(expires_at__lt=end_of_day(now, days))
        .exclude(client__application__application_type__in=PUBLIC_TYPES)
        .annotate(superseded=Exists(others))
    )
    if not include_superseded:
        secrets = secrets.filter(superseded=False)
    for page in pages_by_date(secrets.values(*_COLUMNS)):
        for row in page:
            yield _line(row, now)


def _line(row: dict[str, Any], now: datetime) -> CredentialLine:
    expires_at: datetime = row["expires_at"]
    return CredentialLine(
        connection="",
        client=row["client__oauth_application__client_id"],
        hint=row["hint"],
        key_id="",
        expires_at=expires_at,
        refused_at=None,
        days_left=days_left(expires_at, now),
        status=CredentialStatus.EXPIRED if expires_at <= now else CredentialStatus.EXPIRING,
        text=describe_expiry(expires_at, now),
        applications=() if row["superseded"] else (row["client__application__slug"],),
        superseded=row["superseded"],
    )
