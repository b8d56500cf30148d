"""Which client secrets have run out, run out soon, or may have: in words, and as a report.

Nothing here reads ``ClientSecret.value``: the recorded date alone decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..conf import conf
from ..models import ClientSecret, Connection, EnabledConnection

#: Rows read at once by ``report``: what bounds its memory, whatever the number of connections.
PAGE_SIZE = 500


class SecretStatus(models.TextChoices):
    """What the recorded date says. ``MISSING``: the connection has no secret at all."""

    EXPIRED = "expired", _("expired")
    EXPIRING = "expiring", _("expiring")
    UNKNOWN = "unknown", _("unknown")
    VALID = "valid", _("valid")
    MISSING = "missing", _("missing")


@dataclass(frozen=True)
class SecretState:
    """What the secrets of one connection come to, with the date that decides."""

    status: SecretStatus
    text: str
    expires_at: datetime | None


@dataclass(frozen=True)
class SecretLine:
    """One line of the report. ``applications``: slugs of those that would stop."""

    connection: str
    hint: str
    key_id: str
    expires_at: datetime | None
    days_left: int | None
    status: SecretStatus
    text: str
    applications: tuple[str, ...]
    superseded: bool

    @property
    def counts_as(self) -> SecretStatus | None:
        """How bad it is: expired, expiring or unknown, or None where nothing is to be done.

        Without any secret nobody can sign in, just as with an expired one. Until an application
        uses the connection, though, that is only a set-up somebody has not finished.
        """
        if self.superseded:
            return None
        if self.status is SecretStatus.MISSING:
            return SecretStatus.EXPIRED if self.applications else SecretStatus.UNKNOWN
        return self.status


def days_left(expires_at: datetime, now: datetime) -> int:
    """Count the midnights from now to the date, in the current time zone; negative once past.

    That is how a person counts: what expires tomorrow at nine has one day left, at any hour.
    """
    return (_local_date(expires_at) - _local_date(now)).days


def describe_expiry(expires_at: datetime | None, now: datetime) -> str:
    """Say when a secret expires: "expires in 12 days", "expired today"."""
    if expires_at is None:
        return gettext("no expiry date recorded")
    days = days_left(expires_at, now)
    if expires_at <= now:
        if days == 0:
            return gettext("expired today")
        return ngettext("expired %(days)d day ago", "expired %(days)d days ago", -days) % {
            "days": -days
        }
    if days == 0:
        return gettext("expires today")
    return ngettext("expires in %(days)d day", "expires in %(days)d days", days) % {"days": days}


def connection_secret_state(
    secrets: Iterable[ClientSecret], now: datetime | None = None
) -> SecretState:
    """Judge one connection by the longest-lasting of its secrets.

    An expired secret beside a usable one is a finished rotation and does not matter. One without
    a recorded date decides only where no other is known to be usable: it may have expired.
    """
    now = now or timezone.now()
    dates = [secret.expires_at for secret in secrets]
    if not dates:
        return SecretState(SecretStatus.MISSING, gettext("no secret"), None)
    last = max((date for date in dates if date is not None), default=None)
    if None in dates and (last is None or last <= now):
        last = None
    status = _status(last, now, conf.secret_warning_days)
    return SecretState(status, describe_expiry(last, now), last)


def report(
    days: int | None = None,
    *,
    include_superseded: bool = False,
    now: datetime | None = None,
) -> Iterator[SecretLine]:
    """Yield a line for every secret that is expired, expires within ``days``, or has no date.

    Connections without any secret come first, then the secrets by date, undated ones last.
    ``days`` defaults to the setting ``SECRET_WARNING_DAYS``; 0 means today.

    A secret is *superseded* when another of the same connection is known to be usable and to last
    longer: the old one may expire, or be expired, without anybody noticing. This holds for an
    expiring secret as for an expired one, or every proper rotation would raise an alarm until the
    old secret is removed. A secret without a recorded date supersedes nothing, as nobody knows
    whether it still works, and is itself always reported. Superseded ones are left out unless
    ``include_superseded``.

    It reads page by page, each page starting behind the last row of the one before: a driver
    need not stream (MariaDB's cannot) for memory to stay the same at any number of connections.
    """
    now = now or timezone.now()
    days = conf.secret_warning_days if days is None else days
    yield from _missing(now)

    longer_lasting = ClientSecret._default_manager.filter(
        Q(expires_at__gt=now),
        connection=OuterRef("connection"),
        expires_at__gt=OuterRef("expires_at"),
    )
    dated = ClientSecret._default_manager.filter(expires_at__lt=_end_of_day(now, days)).annotate(
        superseded=Exists(longer_lasting)
    )
    if not include_superseded:
        dated = dated.filter(superseded=False)
    yield from _lines(_pages_by_date(dated), now, days)

    # A query of its own, as databases disagree on where NULL sorts.
    undated = ClientSecret._default_manager.filter(expires_at=None)
    yield from _lines(_pages_by_id(undated, *_COLUMNS), now, days)


_COLUMNS = ("pk", "connection_id", "connection__name", "hint", "key_id", "expires_at")
_Row = dict[str, Any]


def _missing(now: datetime) -> Iterator[SecretLine]:
    secrets = ClientSecret._default_manager.filter(connection=OuterRef("pk"))
    connections = Connection._default_manager.filter(~Exists(secrets))
    for page in _pages_by_id(connections, "pk", "name"):
        applications = _applications(row["pk"] for row in page)
        for row in page:
            yield SecretLine(
                connection=row["name"],
                hint="",
                key_id="",
                expires_at=None,
                days_left=None,
                status=SecretStatus.MISSING,
                text=gettext("no secret"),
                applications=applications[row["pk"]],
                superseded=False,
            )


def _lines(pages: Iterator[list[_Row]], now: datetime, days: int) -> Iterator[SecretLine]:
    for page in pages:
        applications = _applications(row["connection_id"] for row in page)
        for row in page:
            expires_at: datetime | None = row["expires_at"]
            superseded = row.get("superseded", False)
            yield SecretLine(
                connection=row["connection__name"],
                hint=row["hint"],
                key_id=row["key_id"],
                expires_at=expires_at,
                days_left=None if expires_at is None else days_left(expires_at, now),
                status=_status(expires_at, now, days),
                text=describe_expiry(expires_at, now),
                applications=() if superseded else applications[row["connection_id"]],
                superseded=superseded,
            )


def _pages_by_date(secrets: QuerySet[ClientSecret]) -> Iterator[list[_Row]]:
    rows = secrets.order_by("expires_at", "pk").values(*_COLUMNS, "superseded")
    page = list(rows[:PAGE_SIZE])
    while page:
        yield page
        if len(page) < PAGE_SIZE:
            return
        last = page[-1]
        # Said so that the index on (expires_at, id) is entered at the right place.
        behind = rows.filter(expires_at__gte=last["expires_at"]).filter(
            Q(expires_at__gt=last["expires_at"]) | Q(pk__gt=last["pk"])
        )
        page = list(behind[:PAGE_SIZE])


def _pages_by_id(queryset: QuerySet[Any], *columns: str) -> Iterator[list[_Row]]:
    rows = queryset.order_by("pk").values(*columns)
    page = list(rows[:PAGE_SIZE])
    while page:
        yield page
        if len(page) < PAGE_SIZE:
            return
        page = list(rows.filter(pk__gt=page[-1]["pk"])[:PAGE_SIZE])


def _applications(connection_ids: Iterable[int]) -> defaultdict[int, tuple[str, ...]]:
    """Map connections to the slugs of the applications they are enabled for, in one query."""
    wanted: Collection[int] = set(connection_ids)
    enabled = EnabledConnection._default_manager.filter(connection_id__in=wanted)
    slugs: defaultdict[int, tuple[str, ...]] = defaultdict(tuple)
    for connection_id, slug in enabled.order_by("application__slug").values_list(
        "connection_id", "application__slug"
    ):
        slugs[connection_id] += (slug,)
    return slugs


def _status(expires_at: datetime | None, now: datetime, days: int) -> SecretStatus:
    if expires_at is None:
        return SecretStatus.UNKNOWN
    if expires_at <= now:
        return SecretStatus.EXPIRED
    if days_left(expires_at, now) <= days:
        return SecretStatus.EXPIRING
    return SecretStatus.VALID


def _local_date(moment: datetime) -> date:
    # With USE_TZ off the database's times are naive, and local already.
    return timezone.localtime(moment).date() if timezone.is_aware(moment) else moment.date()


def _end_of_day(now: datetime, days: int) -> datetime:
    """The midnight that ends the day ``days`` from now: agrees with ``days_left() <= days``."""
    midnight = datetime.combine(_local_date(now) + timedelta(days=days + 1), time.min)
    return timezone.make_aware(midnight) if timezone.is_aware(now) else midnight
