"""Tells people of secrets about to expire: by mail and by signal, once per threshold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.core.mail import mail_admins, send_mail
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import signals
from ..models import ClientSecret
from .secrets import SecretStatus, days_left, report

#: Days before the expiry at which a notice is due.
THRESHOLDS = (30, 14, 7, 1, 0)


@dataclass(frozen=True)
class Notice:
    """One secret about which people are to be told now."""

    secret: ClientSecret
    text: str
    days_left: int
    threshold: int
    applications: tuple[str, ...]

    @property
    def line(self) -> str:
        stops = ", ".join(self.applications) or _("no application")
        return _(
            "%(connection)s, client secret %(secret)s: %(text)s. It would stop: %(stops)s."
        ) % {
            "connection": self.secret.connection.name,
            "secret": self.secret,
            "text": self.text,
            "stops": stops,
        }


def send_notices(now: datetime | None = None) -> int:
    """Send the notices that are due; return how many. Each is marked only once it has been sent."""
    now = now or timezone.now()
    due = list(_due(now))
    if not due:
        return 0
    subject = _("Client secrets about to expire")
    advice = _(
        "Make a new client secret in Azure and add it to the connection beside the old one: an "
        "expired secret stops every sign-in."
    )
    mail_admins(subject, _body(due, advice))
    by_contact: dict[str, list[Notice]] = defaultdict(list)
    for notice in due:
        if notice.secret.connection.contact_email:
            by_contact[notice.secret.connection.contact_email].append(notice)
    for contact, notices in by_contact.items():
        send_mail(subject, _body(notices, advice), None, [contact])
    for notice in due:
        _mark(notice)
        signals.secret_expiring.send(
            ClientSecret,
            connection=notice.secret.connection,
            secret=notice.secret,
            days_left=notice.days_left,
        )
    return len(due)


def _due(now: datetime) -> Iterator[Notice]:
    for line in report(max(THRESHOLDS), include_superseded=False, now=now):
        if line.secret_id is None or line.expires_at is None:
            continue
        if line.status not in (SecretStatus.EXPIRED, SecretStatus.EXPIRING):
            continue
        left = days_left(line.expires_at, now)
        threshold = min((t for t in THRESHOLDS if t >= left), default=0)
        secret = (
            ClientSecret._default_manager.select_related("connection")
            .defer("value")
            .get(pk=line.secret_id)
        )
        if not _was_told(secret, threshold):
            yield Notice(secret, line.text, left, threshold, line.applications)


def _was_told(secret: ClientSecret, threshold: int) -> bool:
    """A new expiry date begins anew."""
    if secret.notice_days is None or secret.notice_expiry != secret.expires_at:
        return False
    return secret.notice_days <= threshold


def _mark(notice: Notice) -> None:
    ClientSecret._default_manager.filter(pk=notice.secret.pk).update(
        notice_days=notice.threshold, notice_expiry=notice.secret.expires_at
    )


def _body(notices: list[Notice], advice: str) -> str:
    return "\n".join([*(notice.line for notice in notices), "", advice])
