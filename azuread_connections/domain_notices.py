"""Withdraws a domain's verification, and reports it: by an event, by mail and by signal.

Once for each withdrawal: further requests do not repeat it.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial

from django.db import router, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from . import signals
from .conf import conf
from .log_fields import LogEvent, log_fields
from .login.log import events
from .mail import addressees, write_to
from .models import Connection, DomainAlias

logger = logging.getLogger("azuread_connections")


class Cause(Enum):
    """What ended a verification. The text continues the event's sentence."""

    MICROSOFT = ""
    NO_RECORD = "its DNS record is gone."
    OTHER_RECORD = "its DNS record has another value."
    NO_DNS_ANSWER = "its DNS servers have not answered for a week."


@dataclass(frozen=True)
class Withdrawal:
    """A withdrawn proof. ``was``: the directory for which the domain was verified; ``found``: the
    one that Microsoft names now, "" if none."""

    connection: Connection
    domain: str
    was: str
    found: str
    cause: Cause = Cause.MICROSOFT

    @property
    def sentence(self) -> str:
        """The text of the event, in English."""
        why = self.cause.value
        if self.cause is Cause.MICROSOFT:
            now = f"the directory {self.found}" if self.found else "no directory"
            why = f"Microsoft names {now}."
        return f"The domain {self.domain} is no longer verified for the directory {self.was}: {why}"

    @property
    def line(self) -> str:
        if self.found:
            text = _("%(connection)s: %(domain)s now belongs to the directory %(now)s.")
        elif self.cause is Cause.NO_RECORD:
            text = _("%(connection)s: the DNS record that verified %(domain)s is gone.")
        elif self.cause is Cause.OTHER_RECORD:
            text = _("%(connection)s: the DNS record that verified %(domain)s has another value.")
        elif self.cause is Cause.NO_DNS_ANSWER:
            text = _("%(connection)s: the DNS servers of %(domain)s have not answered for a week.")
        else:
            text = _("%(connection)s: Microsoft knows no directory with the domain %(domain)s.")
        return text % {
            "connection": self.connection.name,
            "domain": self.domain,
            "now": self.found,
        }


def withdraw(rows: Iterable[tuple[DomainAlias, Cause]], found: str) -> None:
    """Mark domains as not verified, and report those for which this call did it.

    ``found``: the directory that Microsoft names for them now, "" if none.
    """
    withdrawn = []
    for alias, cause in rows:
        if alias.withdraw(found):
            withdrawal = Withdrawal(
                alias.connection, alias.domain, alias.found_tenant_id, found, cause
            )
            events.record_domain_withdrawn(withdrawal.connection, withdrawal.sentence)
            withdrawn.append(withdrawal)
    if withdrawn:
        # After the commit: it cannot be rolled back then, and no row is locked.
        using = router.db_for_write(DomainAlias)
        transaction.on_commit(partial(send, withdrawn), using=using, robust=True)


def send(withdrawn: Sequence[Withdrawal]) -> None:
    """Write to the site's ADMINS and to the contacts of the connections, and send the signal.

    The mails are in the site's language: the sign-in of an employee, in a browser of another
    language, can be what finds the change.

    Raises nothing: the withdrawal is stored and logged, even if no mail can be sent.
    """
    by_addressee: dict[str, list[Withdrawal]] = defaultdict(list)
    for withdrawal in withdrawn:
        signals.domain_withdrawn.send_robust(
            DomainAlias,
            connection=withdrawal.connection,
            domain=withdrawal.domain,
            found=withdrawal.found,
        )
        for addressee in addressees(withdrawal.connection):
            by_addressee[addressee].append(withdrawal)
    for addressee, theirs in by_addressee.items():
        try:
            with override(conf.language_code):
                write_to(addressee, _("A domain is no longer verified"), _body(theirs))
        except Exception:  # mail backends have their own exceptions
            logger.exception(
                "The notice for %s could not be sent.",
                addressee,
                extra=log_fields(LogEvent.MAIL_FAILED),
            )


def _body(withdrawn: list[Withdrawal]) -> str:
    advice = _(
        "From now on the connection gives nobody a username or an address in this domain, and "
        "links no user by it. People sign in as before. If the domain has moved, correct the "
        "connection; if not, ask the directory's administrator what has happened."
    )
    return "\n".join([*(each.line for each in withdrawn), "", advice])
