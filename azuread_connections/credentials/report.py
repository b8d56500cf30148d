"""Which credentials have ended, end soon, or have no date: as texts and as a report.

Nothing here reads ``Credential.value`` or asks Microsoft: the recorded date and Microsoft's
answers at the last sign-ins decide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..conf import conf
from ..models import Connection, Credential, EnabledConnection
from ..models.credential import shown_hint
from ..models.expiry import day_of, start_of_day

#: Federated credentials have no end: Microsoft asks their issuer's token at each use.
_ENDLESS = Credential.Kind.FEDERATED
#: Rows that ``report`` reads at once; limits its memory at any number of connections.
PAGE_SIZE = 500


class CredentialStatus(models.TextChoices):
    """The status by the recorded date and by Microsoft's answers.

    ``REFUSED``: not expired by its date, but Microsoft refused it when it was last sent, or it
    could not be sent. ``MISSING``: the connection has no credential.
    """

    EXPIRED = "expired", _("expired")
    REFUSED = "refused", _("refused")
    EXPIRING = "expiring", _("expiring")
    UNKNOWN = "unknown", _("unknown")
    VALID = "valid", _("valid")
    MISSING = "missing", _("missing")


@dataclass(frozen=True)
class CredentialState:
    """The overall state of a connection's credentials, with the date that decides."""

    status: CredentialStatus
    text: str
    expires_at: datetime | None
    refused_at: datetime | None = None


@dataclass(frozen=True)
class CredentialLine:
    """One line of the report. ``applications``: slugs of those that would stop.

    ``client``: the client ID, for a secret of an OAuth client, which belongs to no connection.
    """

    connection: str
    hint: str
    key_id: str
    expires_at: datetime | None
    refused_at: datetime | None
    days_left: int | None
    status: CredentialStatus
    text: str
    applications: tuple[str, ...]
    superseded: bool
    credential_id: int | None = field(default=None, compare=False)
    client: str = ""
    kind: str = Credential.Kind.SECRET

    @property
    def name(self) -> str:
        """How the credential is named; "" if the connection has none."""
        return shown_hint(self.kind, self.hint) if self.hint else ""

    @property
    def counts_as(self) -> CredentialStatus | None:
        """The severity: expired, expiring or unknown; None if there is nothing to do.

        A refused or missing secret stops sign-ins just as an expired one does. But as long as no
        application uses the connection, a missing secret only means an unfinished set-up.
        """
        if self.superseded:
            return None
        if self.status is CredentialStatus.REFUSED:
            return CredentialStatus.EXPIRED
        if self.status is CredentialStatus.MISSING:
            return CredentialStatus.EXPIRED if self.applications else CredentialStatus.UNKNOWN
        return self.status


def days_left(expires_at: datetime, now: datetime) -> int:
    """Count the midnights (UTC, as for the date) from now to the date; negative in the past.

    A secret that expires tomorrow at nine has one day left, whatever the time now.
    """
    return (day_of(expires_at) - day_of(now)).days


def describe_expiry(expires_at: datetime | None, now: datetime) -> str:
    """Return when a secret expires: "expires in 12 days", "expired today"."""
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


def describe_refusal(refused_at: datetime, now: datetime, *, is_unavailable: bool = False) -> str:
    """Return when a credential last failed: "refused by Microsoft 3 minutes ago"."""
    if now - refused_at < timedelta(minutes=1):
        if is_unavailable:
            return gettext("not readable just now")
        return gettext("refused by Microsoft just now")
    # Django joins number and unit by a no-break space, which a text search does not find.
    time_ago = timesince(refused_at, now, depth=1).replace("\xa0", " ")
    if is_unavailable:
        return gettext("not readable %(time)s ago") % {"time": time_ago}
    return gettext("refused by Microsoft %(time)s ago") % {"time": time_ago}


def connection_credential_state(
    credentials: Iterable[Credential], now: datetime | None = None
) -> CredentialState:
    """Return a connection's state by its longest-lasting secret that Microsoft does not refuse.

    If another secret is usable, an expired or refused one does not matter: it was rotated. A secret
    without a date decides only if no other is known to be usable, because it can have expired. If
    all secrets that have not expired are refused, the latest refusal decides.
    """
    now = now or timezone.now()
    days = conf.secret_warning_days
    states = [_state(_Dates.of(credential), now, days) for credential in credentials]
    if not states:
        return CredentialState(CredentialStatus.MISSING, gettext("no secret"), None)
    best = max((state.status for state in states), key=_WORST_TO_BEST.index)
    equals = [state for state in states if state.status is best]
    # Without a time it never ends, or nobody knows: the others of this status do not differ.
    return max(equals, key=lambda each: (_deciding_time(each) is None, _deciding_time(each) or now))


_WORST_TO_BEST = (
    CredentialStatus.EXPIRED,
    CredentialStatus.REFUSED,
    CredentialStatus.UNKNOWN,
    CredentialStatus.EXPIRING,
    CredentialStatus.VALID,
)


def _deciding_time(state: CredentialState) -> datetime | None:
    return state.refused_at if state.status is CredentialStatus.REFUSED else state.expires_at


def report(
    days: int | None = None,
    *,
    include_superseded: bool = False,
    now: datetime | None = None,
) -> Iterator[CredentialLine]:
    """Yield a line for every secret that is expired, expires within ``days``, or has no date.

    Connections without a secret come first, then refused secrets, then the others by date, those
    without a date last. ``days`` defaults to the setting ``SECRET_WARNING_DAYS``; 0 means
    today.

    A secret is *superseded* if another secret of the connection replaces it, so that it can expire
    or be refused without effect. The other secret is

    - usable and lasts longer. Otherwise every proper rotation would raise an alarm until the old
      secret is removed; or
    - has no date, but Microsoft accepted it after the old one had expired or been refused. It can
      stop working at any time, so it is always reported itself.

    A refused secret supersedes nothing. Superseded secrets are included only with
    ``include_superseded``.

    Rows are read in keyset pages, so that memory does not grow with the number of connections even
    if the driver cannot stream (MariaDB's cannot).
    """
    now = now or timezone.now()
    days = conf.secret_warning_days if days is None else days
    yield from _missing(now)

    credentials = Credential._default_manager.all()
    not_expired = Q(expires_at__gt=now)

    refused = credentials.filter(not_expired | Q(expires_at=None), refused_at__isnull=False)
    another = _another(not_expired, accepted_after="refused_at")
    refused = _classified(refused, another, include_superseded)
    yield from _lines(_pages_by_id(refused, *_COLUMNS, "superseded"), now, days)

    longer_lasting = not_expired & Q(expires_at__gt=OuterRef("expires_at"))
    dated = credentials.filter(expires_at__lt=end_of_day(now, days))
    dated = dated.filter(Q(refused_at=None) | Q(expires_at__lte=now))
    another = _another(longer_lasting, accepted_after="expires_at")
    dated = _classified(dated, another, include_superseded)
    yield from _lines(pages_by_date(dated.values(*_COLUMNS, "superseded")), now, days)

    # A separate query: databases do not agree on where NULL sorts.
    undated = credentials.filter(expires_at=None, refused_at=None).exclude(kind=_ENDLESS)
    yield from _lines(_pages_by_id(undated, *_COLUMNS), now, days)


def _classified(
    secrets: QuerySet[Credential], superseded: Exists, include_superseded: bool
) -> QuerySet[Any]:
    """Annotate whether each secret is superseded, or exclude those that are. The exclusion is only
    a filter: a database would evaluate an annotation a second time."""
    if include_superseded:
        return secrets.annotate(superseded=superseded)
    return secrets.filter(~superseded).annotate(superseded=Value(False))


def _another(usable: Q, *, accepted_after: str) -> Exists:
    """Return a condition: another secret of the same connection replaces this one.

    The other one is ``usable``, or it has no date and was accepted after this one's time in the
    column ``accepted_after``.
    """
    # A federated credential never ends: it replaces another one once Microsoft has accepted it.
    proven = Q(expires_at=None, last_success_at__gt=OuterRef(accepted_after))
    proven |= Q(kind=_ENDLESS, last_success_at__isnull=False)
    others = Credential._default_manager.filter(
        usable | proven, connection=OuterRef("connection"), refused_at=None
    )
    return Exists(others)


_COLUMNS = (
    *("pk", "connection_id", "connection__name"),
    *("kind", "hint", "key_id", "expires_at", "refused_at", "is_unavailable"),
)
_Row = dict[str, Any]


def _missing(now: datetime) -> Iterator[CredentialLine]:
    secrets = Credential._default_manager.filter(connection=OuterRef("pk"))
    connections = Connection._default_manager.filter(~Exists(secrets))
    for page in _pages_by_id(connections, "pk", "name"):
        applications = _applications(row["pk"] for row in page)
        for row in page:
            yield CredentialLine(
                connection=row["name"],
                credential_id=None,
                kind="",
                hint="",
                key_id="",
                expires_at=None,
                refused_at=None,
                days_left=None,
                status=CredentialStatus.MISSING,
                text=gettext("no secret"),
                applications=applications[row["pk"]],
                superseded=False,
            )


def _lines(pages: Iterator[list[_Row]], now: datetime, days: int) -> Iterator[CredentialLine]:
    for page in pages:
        applications = _applications(row["connection_id"] for row in page)
        for row in page:
            expires_at: datetime | None = row["expires_at"]
            superseded = row.get("superseded", False)
            dates = _Dates(row["kind"], expires_at, row["refused_at"], row["is_unavailable"])
            state = _state(dates, now, days)
            yield CredentialLine(
                connection=row["connection__name"],
                credential_id=row["pk"],
                kind=row["kind"],
                hint=row["hint"],
                key_id=row["key_id"],
                expires_at=expires_at,
                refused_at=state.refused_at,
                days_left=None if expires_at is None else days_left(expires_at, now),
                status=state.status,
                text=state.text,
                applications=() if superseded else applications[row["connection_id"]],
                superseded=superseded,
            )


def pages_by_date(rows: QuerySet[Any, _Row]) -> Iterator[list[_Row]]:
    """Yield rows with ``expires_at`` and ``pk`` in pages, sorted by date."""
    rows = rows.order_by("expires_at", "pk")
    page = list(rows[:PAGE_SIZE])
    while page:
        yield page
        if len(page) < PAGE_SIZE:
            return
        last = page[-1]
        # Two queries, each of which can use the index on (expires_at, id). A single query with "or"
        # would read all rows of a date for each page, and many secrets share a date.
        same_time = rows.filter(expires_at=last["expires_at"], pk__gt=last["pk"])
        page = list(same_time[:PAGE_SIZE])
        if len(page) < PAGE_SIZE:
            later = rows.filter(expires_at__gt=last["expires_at"])
            page += later[: PAGE_SIZE - len(page)]


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


@dataclass(frozen=True)
class _Dates:
    """What decides the state of one credential."""

    kind: str
    expires_at: datetime | None
    refused_at: datetime | None
    is_unavailable: bool

    @classmethod
    def of(cls, credential: Credential) -> _Dates:
        return cls(
            credential.kind,
            credential.expires_at,
            credential.refused_at,
            credential.is_unavailable,
        )


def _state(dates: _Dates, now: datetime, days: int) -> CredentialState:
    """Return the state of one credential by its recorded dates."""
    status = _status(dates, now, days)
    if status is CredentialStatus.REFUSED and dates.refused_at is not None:
        text = describe_refusal(dates.refused_at, now, is_unavailable=dates.is_unavailable)
    elif dates.kind == _ENDLESS:
        text = gettext("does not expire")
    else:
        text = describe_expiry(dates.expires_at, now)
    return CredentialState(status, text, dates.expires_at, dates.refused_at)


def _status(dates: _Dates, now: datetime, days: int) -> CredentialStatus:
    expires_at = dates.expires_at
    if expires_at is not None and expires_at <= now:
        return CredentialStatus.EXPIRED
    if dates.refused_at is not None:
        return CredentialStatus.REFUSED
    if dates.kind == _ENDLESS:
        return CredentialStatus.VALID
    if expires_at is None:
        return CredentialStatus.UNKNOWN
    if days_left(expires_at, now) <= days:
        return CredentialStatus.EXPIRING
    return CredentialStatus.VALID


def end_of_day(now: datetime, days: int) -> datetime:
    """Return the end of the day that is ``days`` from now: agrees with ``days_left() <= days``."""
    return start_of_day(day_of(now) + timedelta(days=days + 1))
