"""Notices about credentials that will expire: by mail and by signal, once per threshold."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from .. import signals
from ..mail import addressees, write_to
from ..models import Credential
from .report import CredentialStatus, days_left, report

logger = logging.getLogger("azuread_connections")

#: How many connections to name in the problem that they have no recipient.
_NAMED = 5
#: Days before the expiry at which a notice is due.
THRESHOLDS = (30, 14, 7, 1, 0)


@dataclass(frozen=True)
class Notice:
    """A notice that is due for one secret."""

    secret: Credential
    text: str
    days_left: int
    threshold: int
    applications: tuple[str, ...]

    @property
    def line(self) -> str:
        stops = ", ".join(self.applications) or _("none")
        return _(
            "%(connection)s, %(kind)s %(secret)s: %(text)s. Applications that stop: %(stops)s."
        ) % {
            "connection": self.secret.connection.name,
            "kind": self.secret.get_kind_display(),
            "secret": self.secret,
            "text": self.text,
            "stops": stops,
        }


@dataclass
class Delivery:
    """The result of sending the notices that were due. ``told``: how many reached somebody."""

    told: int = 0
    problems: list[str] = field(default_factory=list)


def send_notices(now: datetime | None = None) -> Delivery:
    """Send the notices that are due. A notice is marked as sent only if it reached somebody.

    A failure for one recipient, such as a refused address, does not stop the others' notices.
    """
    delivery = Delivery()
    due = list(_due(now or timezone.now()))
    if not due:
        return delivery
    reached = _write(due, delivery)
    untold = []
    for notice in due:
        heard = _signal(notice, delivery)
        has_addressee = bool(addressees(notice.secret.connection))
        if notice in reached or (heard and not has_addressee):
            _mark(notice)
            delivery.told += 1
        elif not has_addressee:
            untold.append(notice.secret.connection.name)
    if untold:
        delivery.problems.append(_no_recipient(untold))
    return delivery


def _no_recipient(connections: list[str]) -> str:
    names = ", ".join(connections[:_NAMED]) + (", …" if len(connections) > _NAMED else "")
    return _(
        "There is no recipient for notices about %(connections)s: set ADMINS, or a Contact on the "
        "connection."
    ) % {"connections": names}


def _write(due: list[Notice], delivery: Delivery) -> set[Notice]:
    """Send one mail to each recipient; return the notices that were sent."""
    by_addressee: dict[str, list[Notice]] = defaultdict(list)
    for notice in due:
        for addressee in addressees(notice.secret.connection):
            by_addressee[addressee].append(notice)
    reached: set[Notice] = set()
    for addressee, notices in by_addressee.items():
        try:
            _mail(addressee, notices)
        except Exception as error:  # mail backends raise any exception
            logger.exception("The notices for %s could not be sent.", addressee)
            delivery.problems.append(
                _("The notices for %(addressee)s could not be sent: %(why)s")
                % {"addressee": addressee, "why": str(error) or type(error).__name__}
            )
        else:
            reached.update(notices)
    return reached


def _mail(addressee: str, notices: list[Notice]) -> None:
    advice = _(
        "Create a new client secret or certificate, and add it to the connection and in Azure "
        "before the old one ends: without a valid one, every sign-in stops. Where the app may "
        "change its registration, the command rotate_secrets does it."
    )
    body = "\n".join([*(notice.line for notice in notices), "", advice])
    write_to(addressee, _("Credentials about to expire"), body)


def _signal(notice: Notice, delivery: Delivery) -> bool:
    """Send the signal; return whether a receiver handled it."""
    answers = signals.secret_expiring.send_robust(
        Credential,
        connection=notice.secret.connection,
        secret=notice.secret,
        days_left=notice.days_left,
    )
    failed = [answer for _receiver, answer in answers if isinstance(answer, Exception)]
    for error in failed:  # Django has logged it
        delivery.problems.append(
            _("%(connection)s: a receiver of secret_expiring failed: %(why)s")
            % {"connection": notice.secret.connection.name, "why": repr(error)}
        )
    return len(failed) < len(answers)


def _due(now: datetime) -> Iterator[Notice]:
    for line in report(max(THRESHOLDS), include_superseded=False, now=now):
        if line.credential_id is None or line.expires_at is None:
            continue
        if line.status not in (CredentialStatus.EXPIRED, CredentialStatus.EXPIRING):
            continue
        left = days_left(line.expires_at, now)
        threshold = min((t for t in THRESHOLDS if t >= left), default=0)
        secret = (
            Credential._default_manager.select_related("connection")
            .defer("value", "certificate")
            .filter(pk=line.credential_id)
            .first()
        )
        if secret is not None and not _was_notified(secret, threshold):
            yield Notice(secret, line.text, left, threshold, line.applications)


def _was_notified(secret: Credential, threshold: int) -> bool:
    """Return whether a notice was sent for this threshold. A new expiry date starts over."""
    if secret.notice_days is None or secret.notice_expiry != secret.expires_at:
        return False
    return secret.notice_days <= threshold


def _mark(notice: Notice) -> None:
    Credential._default_manager.filter(pk=notice.secret.pk).update(
        notice_days=notice.threshold, notice_expiry=notice.secret.expires_at
    )
