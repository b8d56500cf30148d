"""The status of a credential, and of all of a connection's: as a word, and as a text for people.

Nothing here reads ``Credential.value`` or asks Microsoft: the recorded date and Microsoft's
answers at the last sign-ins decide.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..conf import conf
from ..models import Credential
from ..models.expiry import day_of, start_of_day

#: Federated credentials have no end: Microsoft asks their issuer's token at each use.
ENDLESS = Credential.Kind.FEDERATED


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
class CredentialDates:
    """What decides the state of one credential."""

    kind: str
    expires_at: datetime | None
    refused_at: datetime | None
    is_unavailable: bool

    @classmethod
    def of(cls, credential: Credential) -> CredentialDates:
        return cls(
            credential.kind,
            credential.expires_at,
            credential.refused_at,
            credential.is_unavailable,
        )


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
    states = [
        credential_state(CredentialDates.of(credential), now, days) for credential in credentials
    ]
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


def credential_state(dates: CredentialDates, now: datetime, days: int) -> CredentialState:
    """Return the state of one credential by its recorded dates."""
    status = _status(dates, now, days)
    if status is CredentialStatus.REFUSED and dates.refused_at is not None:
        text = describe_refusal(dates.refused_at, now, is_unavailable=dates.is_unavailable)
    elif dates.kind == ENDLESS:
        text = gettext("does not expire")
    else:
        text = describe_expiry(dates.expires_at, now)
    return CredentialState(status, text, dates.expires_at, dates.refused_at)


def _status(dates: CredentialDates, now: datetime, days: int) -> CredentialStatus:
    expires_at = dates.expires_at
    if expires_at is not None and expires_at <= now:
        return CredentialStatus.EXPIRED
    if dates.refused_at is not None:
        return CredentialStatus.REFUSED
    if dates.kind == ENDLESS:
        return CredentialStatus.VALID
    if expires_at is None:
        return CredentialStatus.UNKNOWN
    if days_left(expires_at, now) <= days:
        return CredentialStatus.EXPIRING
    return CredentialStatus.VALID


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


def end_of_day(now: datetime, days: int) -> datetime:
    """Return the end of the day that is ``days`` from now: agrees with ``days_left() <= days``."""
    return start_of_day(day_of(now) + timedelta(days=days + 1))
