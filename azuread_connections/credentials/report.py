"""The report of credentials that have ended, end soon, have no date or were refused by Microsoft,
and of connections without any.

It reads what ``status`` decides by, in pages. It does not read ``Credential.value``, and asks
Microsoft nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.utils import timezone
from django.utils.translation import gettext

from ..conf import conf
from ..models import Connection, Credential, EnabledConnection
from ..models.batches import in_pages
from ..models.credential import shown_hint
from .status import (
    ENDLESS,
    CredentialDates,
    CredentialStatus,
    credential_state,
    days_left,
    end_of_day,
)

#: Rows that ``report`` reads at once; limits its memory at any number of connections.
PAGE_SIZE = 500


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
    yield from _lines(in_pages(refused.values(*_COLUMNS, "superseded"), PAGE_SIZE), now, days)

    longer_lasting = not_expired & Q(expires_at__gt=OuterRef("expires_at"))
    dated = credentials.filter(expires_at__lt=end_of_day(now, days))
    dated = dated.filter(Q(refused_at=None) | Q(expires_at__lte=now))
    another = _another(longer_lasting, accepted_after="expires_at")
    dated = _classified(dated, another, include_superseded)
    yield from _lines(pages_by_date(dated.values(*_COLUMNS, "superseded")), now, days)

    # A separate query: databases do not agree on where NULL sorts.
    undated = credentials.filter(expires_at=None, refused_at=None).exclude(kind=ENDLESS)
    yield from _lines(in_pages(undated.values(*_COLUMNS), PAGE_SIZE), now, days)


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
    proven |= Q(kind=ENDLESS, last_success_at__isnull=False)
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
    for page in in_pages(connections.values("pk", "name"), PAGE_SIZE):
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
            dates = CredentialDates(
                row["kind"], expires_at, row["refused_at"], row["is_unavailable"]
            )
            state = credential_state(dates, now, days)
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
