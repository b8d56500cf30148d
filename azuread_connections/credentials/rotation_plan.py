"""Decides which connections are rotated, and which of their credentials."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from ..models import Connection, Credential, Rotation
from ..models.credential import in_order_of_use
from .retirement import remove_replaced, replaced_before
from .rotation import finish, rotate
from .rotation_step import Pace, RotationOutcome, RotationStep
from .status import describe_expiry, end_of_day


@dataclass(frozen=True)
class DueCredential:
    """A credential to rotate. ``text``: why. Without a date, nobody knows whether it is due."""

    credential: Credential
    text: str

    @property
    def is_dated(self) -> bool:
        return self.credential.expires_at is not None


def current_credential(credentials: list[Credential]) -> Credential | None:
    """Return the one that a rotation replaces: the first in use that is not federated."""
    ending = [each for each in in_order_of_use(credentials) if not each.never_ends]
    return next((each for each in ending if each.replaced_at is None), next(iter(ending), None))


def due_credential(
    credentials: list[Credential], within: int, now: datetime
) -> DueCredential | None:
    """Return what is to be rotated because it ends within so many days.

    None as long as another credential that Microsoft does not refuse lasts longer.
    """
    current = current_credential(credentials)
    if current is None:
        return None
    limit = end_of_day(now, within)
    lasting = [
        each
        for each in credentials
        if each.replaced_at is None
        and each.refused_at is None
        and (each.never_ends or (each.expires_at is not None and each.expires_at >= limit))
    ]
    return None if lasting else DueCredential(current, describe_expiry(current.expires_at, now))


def run(connection: Connection, *, within: int, keep: int, pace: Pace) -> Iterator[RotationStep]:
    """Finish what was interrupted, remove what was replaced long ago, and rotate what is due."""
    if is_interrupted(connection):
        yield from finish(connection, pace)
    yield from remove_replaced(connection, timedelta(days=keep))
    due = due_credential(list(connection.credentials.all()), within, timezone.now())
    if due is None or is_interrupted(connection):
        return
    due.credential.connection = connection
    if due.is_dated:
        yield from rotate(connection, due.credential, pace)
    else:
        yield _undated(connection, due.credential)


def foresee(connection: Connection, *, within: int, keep: int) -> Iterator[RotationStep]:
    """Yield what ``run`` would do. Writes nothing and asks nobody."""
    now = timezone.now()
    if is_interrupted(connection):
        yield _would(connection, _("An interrupted rotation would be finished."))
    for old in replaced_before(connection, now - timedelta(days=keep)):
        text = _("The %(kind)s %(credential)s, which was replaced, would be removed.")
        yield _would(connection, text % _words(old))
    due = due_credential(list(connection.credentials.all()), within, now)
    if due is None:
        return
    if due.is_dated:
        text = _("The %(kind)s %(credential)s would be rotated: %(why)s.")
        yield _would(connection, text % {**_words(due.credential), "why": due.text})
    else:
        yield _undated(connection, due.credential)


def is_interrupted(connection: Connection) -> bool:
    """Whether a rotation of the connection's registration was begun and has not ended."""
    rows = Rotation._default_manager.filter(
        client_id=connection.client_id, cloud=connection.identity_cloud
    )
    return rows.exclude(marker="").exists()


def _undated(connection: Connection, credential: Credential) -> RotationStep:
    text = _(
        "The %(kind)s %(credential)s has no recorded expiry date, so it is not known whether it is "
        "due: run check_secrets --sync, or enter the date."
    )
    return _would(connection, text % _words(credential))


def _would(connection: Connection, text: str) -> RotationStep:
    return RotationStep(connection.name, RotationOutcome.WAITING, text)


def _words(credential: Credential) -> dict[str, object]:
    return {"kind": credential.get_kind_display(), "credential": credential}
