"""The right of one run to change a registration's credentials, which ends by itself.

It is a row of the database, so that it holds between machines. A run that is killed loses it
after ``LEASE``, and the next one goes on where the row says that it stopped.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import router, transaction
from django.utils import timezone

from ..models import Connection
from ..models.rotation import LEASE, Rotation
from .registrations import rotation_of


class LeaseLost(Exception):
    """The run was slower than its lease; another one can have begun."""


class Lease:
    """A registration's row while this run holds it."""

    def __init__(self, row: Rotation, holder: str) -> None:
        self.row = row
        self._holder = holder

    @classmethod
    def take(cls, connection: Connection) -> Lease | None:
        """Return the lease of the connection's registration; None if another run holds it."""
        row, holder = rotation_of(connection), uuid.uuid4().hex
        if not Rotation.take(row, holder, timezone.now()):
            return None
        # Only now: the run before may have written it meanwhile.
        row.refresh_from_db(using=router.db_for_write(Rotation, instance=row))
        return cls(row, holder)

    def renew(self) -> None:
        """Call it before each step. Raises ``LeaseLost``."""
        self._update(leased_until=timezone.now() + LEASE)

    def write(self, **values: Any) -> None:
        """Store how far it has come, at once. Raises ``LeaseLost``.

        Not inside another transaction: what is not committed is gone when the process is killed.
        """
        using = router.db_for_write(Rotation, instance=self.row)
        with transaction.atomic(using=using, durable=True):
            self.write_within(**values)

    def write_within(self, **values: Any) -> None:
        """Store it as a part of the caller's transaction."""
        self._update(**values)
        for name, value in values.items():
            setattr(self.row, name, value)

    def release(self) -> None:
        Rotation._default_manager.filter(pk=self.row.pk, holder=self._holder).update(
            holder="", leased_until=None
        )

    def _update(self, **values: Any) -> None:
        mine = Rotation._default_manager.filter(pk=self.row.pk, holder=self._holder)
        if not mine.update(**values):
            raise LeaseLost


#: The columns of a row when nothing is under way.
NOTHING: dict[str, Any] = {
    "connection": None,
    "replaces": None,
    "marker": "",
    "kind": "",
    "value": None,
    "certificate": "",
    "hint": "",
    "key_id": "",
    "expires_at": None,
    "added_at": None,
}
