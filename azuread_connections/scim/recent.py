"""What a connection's directory has last sent: for the connection's page and its checklist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from ..models import Connection, Event
from .models import ProvisionedGroup, ProvisionedPerson, ProvisioningRequest

#: Requests among which the last error is looked for: the log of a large directory is long.
_LOOKED_AT = 200
#: 404 for a look-up of Entra's is not a failure.
_NOT_FOUND = 404
#: A cycle ends where the directory sends nothing for so long. Entra's next one follows about 40
#: minutes after the last.
_PAUSE = timedelta(minutes=10)
#: Requests of a cycle that are counted. A first cycle can have a million.
_MOST_COUNTED = 5000


class _Row(Protocol):
    """What is read of a request."""

    @property
    def created_at(self) -> datetime: ...
    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def status(self) -> int: ...


@dataclass(frozen=True)
class Recent:
    """``last_error``: the newest refused request of the last ones; None if all succeeded.
    ``is_failing``: whether the newest request of all was refused."""

    last_request_at: datetime | None
    last_error: ProvisioningRequest | None
    is_failing: bool


def recent(connection: Connection) -> Recent:
    """Return the last request and the last error. One query."""
    rows = ProvisioningRequest._default_manager.filter(connection=connection)
    newest = list(
        rows.only("created_at", "method", "path", "status", "subject", "detail").order_by(
            "-created_at", "-pk"
        )[:_LOOKED_AT]
    )
    errors = [row for row in newest if is_error(row)]
    return Recent(
        newest[0].created_at if newest else None,
        errors[0] if errors else None,
        bool(newest) and is_error(newest[0]),
    )


@dataclass(frozen=True)
class Cycle:
    """Requests without a pause between them. ``is_whole``: there are not more than these.
    ``deprovisioned``: people who were deactivated or deleted."""

    began_at: datetime
    ended_at: datetime
    is_whole: bool
    requests: int
    refused: int
    created: int
    changed: int
    deprovisioned: int


def last_cycle(connection: Connection) -> Cycle | None:
    """Return what the directory has sent without a pause; None if there is no request. Two queries.

    The log does not know cycles: *Provision on demand* and *Test Connection* count as one.
    """
    found, earlier = _last_requests(connection)
    if not found:
        return None
    # A request is logged after its event, and no other request came within the pause.
    since = earlier or found[-1].created_at - _PAUSE
    deprovisioned = Event.objects.filter(
        connection=connection,
        kind=Event.Kind.DEPROVISIONED,
        created_at__gt=since,
        created_at__lte=found[0].created_at,
    )
    return _summarize(found, is_whole=earlier is None, deprovisioned=deprovisioned.count())


def _last_requests(connection: Connection) -> tuple[list[_Row], datetime | None]:
    """Return the requests that came without a pause, the newest first; and when the one before them
    came, if it belongs to them and is not counted."""
    rows = ProvisioningRequest._default_manager.filter(connection=connection)
    newest = rows.order_by("-created_at", "-pk").values_list(
        "created_at", "method", "path", "status", named=True
    )[: _MOST_COUNTED + 1]
    found: list[_Row] = []
    for row in newest:
        if found and found[-1].created_at - row.created_at > _PAUSE:
            break
        if len(found) == _MOST_COUNTED:
            return found, row.created_at
        found.append(row)
    return found, None


def _summarize(rows: Sequence[_Row], *, is_whole: bool, deprovisioned: int) -> Cycle:
    about_people = [row for row in rows if row.path[:5].lower() == "users" and row.status < 400]
    changes = {row.path for row in about_people if row.method in {"PATCH", "PUT"}}
    return Cycle(
        began_at=rows[-1].created_at,
        ended_at=rows[0].created_at,
        is_whole=is_whole,
        requests=len(rows),
        refused=sum(map(is_error, rows)),
        created=sum(row.method == "POST" for row in about_people),
        changed=len(changes),
        deprovisioned=deprovisioned,
    )


def is_error(row: _Row) -> bool:
    is_lookup = row.method == "GET" and row.status == _NOT_FOUND
    return row.status >= 400 and not is_lookup


def people_known(connection: Connection) -> int:
    people = ProvisionedPerson._default_manager.filter(connection=connection)
    return people.filter(deleted_at__isnull=True).count()


def groups_known(connection: Connection) -> int:
    return ProvisionedGroup._default_manager.filter(connection=connection).count()
