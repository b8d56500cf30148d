"""Notices about credentials that will expire: by mail and by signal, once per threshold.

The optional sub-apps add notices about theirs, in ``AppConfig.ready``. Those are mailed only.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from django.utils import timezone
from django.utils.translation import gettext as _

from .. import signals
from ..log_fields import LogEvent, log_fields
from ..mail import addressees, is_contact, write_to
from ..models import Connection, Credential
from .report import report
from .status import CredentialStatus, days_left

logger = logging.getLogger("azuread_connections")

#: Returns an address at which the connection's contact can add a credential; "" for none.
RenewalAddress = Callable[[Connection], str]
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
    def connection(self) -> Connection:
        return self.secret.connection

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

    @property
    def advice(self) -> str:
        return _(
            "Create a new client secret or certificate, and add it to the connection and in Azure "
            "before the old one ends: without a valid one, every sign-in stops. Where the app may "
            "change its registration, the command rotate_secrets does it."
        )

    def tell(self, delivery: Delivery) -> bool:
        """Send the signal; return whether a receiver handled it."""
        return _signal(self, delivery)

    def mark(self) -> None:
        """Store that the notice was sent."""
        _mark(self)


class FurtherNotice(Protocol):
    """A notice about something else of a connection that has an end. It can be hashed."""

    @property
    def connection(self) -> Connection: ...

    @property
    def line(self) -> str:
        """What ends, when, and what stops then: a sentence for the mail."""

    @property
    def advice(self) -> str:
        """What to do. The same text of several notices is in a mail once."""

    def tell(self, delivery: Delivery) -> bool:
        """Tell those who get no mail; return whether there are any."""

    def mark(self) -> None:
        """Store that the notice was sent."""


#: ``source(now)`` yields the notices that are due.
NoticeSource = Callable[[datetime], Iterator[FurtherNotice]]

_sources: dict[str, NoticeSource] = {}


def add_notices(name: str, source: NoticeSource) -> None:
    """Add a source to ``send_notices``. A name that is known is replaced."""
    _sources[name] = source


@dataclass
class Delivery:
    """The result of sending the notices that were due. ``told``: how many reached somebody."""

    told: int = 0
    problems: list[str] = field(default_factory=list)


def send_notices(
    now: datetime | None = None, renewal_address: RenewalAddress | None = None
) -> Delivery:
    """Send the notices that are due. A notice is marked as sent only if it reached somebody.

    ``renewal_address``: what it returns goes to the contacts only.

    A failure for one recipient, such as a refused address, does not stop the others' notices.
    """
    delivery = Delivery()
    now = now or timezone.now()
    due: list[FurtherNotice] = [*_due(now)]
    for source in _sources.values():
        due += source(now)
    if not due:
        return delivery
    reached = _write(due, delivery, renewal_address)
    untold = []
    for notice in due:
        heard = notice.tell(delivery)
        has_addressee = bool(addressees(notice.connection))
        if notice in reached or (heard and not has_addressee):
            notice.mark()
            delivery.told += 1
        elif not has_addressee:
            untold.append(notice.connection.name)
    if untold:
        delivery.problems.append(_no_recipient(untold))
    return delivery


def _no_recipient(connections: list[str]) -> str:
    names = ", ".join(connections[:_NAMED]) + (", …" if len(connections) > _NAMED else "")
    return _(
        "There is no recipient for notices about %(connections)s: set ADMINS, or a Contact on the "
        "connection."
    ) % {"connections": names}


def _write(
    due: list[FurtherNotice], delivery: Delivery, renewal_address: RenewalAddress | None
) -> set[FurtherNotice]:
    """Send one mail to each recipient; return the notices that were sent."""
    by_addressee: dict[str, list[FurtherNotice]] = defaultdict(list)
    for notice in due:
        for addressee in addressees(notice.connection):
            by_addressee[addressee].append(notice)
    reached: set[FurtherNotice] = set()
    for addressee, notices in by_addressee.items():
        try:
            to_contact = renewal_address if is_contact(addressee) else None
            _mail(addressee, notices, to_contact)
        except Exception as error:  # mail backends raise any exception
            logger.exception(
                "The notices for %s could not be sent.",
                addressee,
                extra=log_fields(LogEvent.MAIL_FAILED),
            )
            delivery.problems.append(
                _("The notices for %(addressee)s could not be sent: %(why)s")
                % {"addressee": addressee, "why": str(error) or type(error).__name__}
            )
        else:
            reached.update(notices)
    return reached


def _mail(
    addressee: str, notices: list[FurtherNotice], renewal_address: RenewalAddress | None
) -> None:
    advice = dict.fromkeys(notice.advice for notice in notices)
    # A set-up link renews credentials only.
    renewable = [notice for notice in notices if isinstance(notice, Notice)]
    links = _renewal_lines(renewable, renewal_address) if renewal_address else []
    body = "\n".join([*(notice.line for notice in notices), "", *advice, *links])
    write_to(addressee, _("Credentials about to expire"), body)


def _renewal_lines(notices: list[Notice], renewal_address: RenewalAddress) -> list[str]:
    """Return the lines about the pages on which the contact adds the new credentials."""
    connections = {notice.secret.connection_id: notice.secret.connection for notice in notices}
    found = [(each.label, renewal_address(each)) for each in connections.values()]
    lines = [f"{label}: {address}" for label, address in found if address]
    if not lines:
        return []
    intro = _(
        "You can add it yourself, without an account on this site. The following link is for you "
        "only, and ends in a few days:"
    )
    return ["", intro, *lines]


def _signal(notice: Notice, delivery: Delivery) -> bool:
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
