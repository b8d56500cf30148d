"""What a connection's directory has last sent: for the connection's page and its checklist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..models import Connection
from .models import ProvisionedGroup, ProvisionedPerson, ProvisioningRequest

#: Requests among which the last error is looked for: the log of a large directory is long.
_LOOKED_AT = 200
#: The log of Entra's look-ups has these for what it asks after: they are no failure.
_NOT_FOUND = 404


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


def is_error(row: ProvisioningRequest) -> bool:
    is_lookup = row.method == "GET" and row.status == _NOT_FOUND
    return row.status >= 400 and not is_lookup


def people_known(connection: Connection) -> int:
    people = ProvisionedPerson._default_manager.filter(connection=connection)
    return people.filter(deleted_at__isnull=True).count()


def groups_known(connection: Connection) -> int:
    return ProvisionedGroup._default_manager.filter(connection=connection).count()
