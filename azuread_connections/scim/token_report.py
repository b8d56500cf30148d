"""The SCIM tokens in ``check_secrets``: those that have an end, and notices before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from ..credentials.notices import THRESHOLDS, Delivery
from ..credentials.report import CredentialLine, pages_by_date
from ..credentials.status import CredentialStatus, days_left, describe_expiry, end_of_day
from ..models import Connection
from .models import ScimToken
from .models.token import PREFIX

KIND = "scim_token"

_COLUMNS = ("pk", "hint", "expires_at", "superseded", "connection__name")


def token_lines(now: datetime, days: int, include_superseded: bool) -> Iterator[CredentialLine]:
    """Yield a line for each token that is expired or expires within ``days``.

    One of the same connection that lasts longer, or has no end, supersedes it. A token without an
    end is never reported: it was given none.
    """
    tokens = _ending(now, days)
    if not include_superseded:
        tokens = tokens.filter(superseded=False)
    for page in pages_by_date(tokens.values(*_COLUMNS)):
        for row in page:
            yield _line(row, now)


def _ending(now: datetime, days: int) -> Any:
    lasts_longer = Q(expires_at__gt=now) & Q(expires_at__gt=OuterRef("expires_at"))
    longer = Q(expires_at__isnull=True) | lasts_longer
    others = ScimToken._default_manager.filter(longer, connection=OuterRef("connection"))
    tokens = ScimToken._default_manager.filter(expires_at__lt=end_of_day(now, days))
    return tokens.annotate(superseded=Exists(others))


def _line(row: dict[str, Any], now: datetime) -> CredentialLine:
    expires_at: datetime = row["expires_at"]
    return CredentialLine(
        connection=row["connection__name"],
        kind=KIND,
        hint=PREFIX + row["hint"],
        key_id="",
        expires_at=expires_at,
        refused_at=None,
        days_left=days_left(expires_at, now),
        status=CredentialStatus.EXPIRED if expires_at <= now else CredentialStatus.EXPIRING,
        text=describe_expiry(expires_at, now),
        # Sign-ins go on: what stops is the directory's provisioning.
        applications=(),
        superseded=row["superseded"],
    )


@dataclass(frozen=True)
class TokenNotice:
    """A notice that is due for one token."""

    token: ScimToken
    text: str
    threshold: int

    @property
    def connection(self) -> Connection:
        return self.token.connection

    @property
    def line(self) -> str:
        return _(
            "%(connection)s, SCIM token %(token)s: %(text)s. Without a valid one, the directory "
            "cannot report who joins and who leaves."
        ) % {"connection": self.connection.name, "token": self.token, "text": self.text}

    @property
    def advice(self) -> str:
        return _(
            "Create a second SCIM token on the connection's page, enter it in Entra under "
            "Provisioning as Secret Token, and remove the old one."
        )

    def tell(self, delivery: Delivery) -> bool:
        """The signal ``secret_expiring`` is about credentials only."""
        return False

    def mark(self) -> None:
        rows = ScimToken._default_manager.filter(pk=self.token.pk)
        rows.update(last_notice_days=self.threshold)


def due_notices(now: datetime) -> Iterator[TokenNotice]:
    """Yield a notice for each token without a longer-lasting one, once per threshold."""
    ending = _ending(now, max(THRESHOLDS)).filter(superseded=False)
    for token in ending.select_related("connection").order_by("expires_at", "pk"):
        left = days_left(token.expires_at, now)
        threshold = min((each for each in THRESHOLDS if each >= left), default=0)
        if token.last_notice_days is None or token.last_notice_days > threshold:
            yield TokenNotice(token, describe_expiry(token.expires_at, now), threshold)
