"""Tells people that a domain is no longer proven to be a directory's: by mail and by signal.

Once for each withdrawal: it is a change of state, which no number of requests repeats.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from . import signals
from .mail import addressees, write_to
from .models import Connection, DomainAlias

logger = logging.getLogger("azuread_connections")


@dataclass(frozen=True)
class Withdrawal:
    """A proof that is over. ``was``: the directory it was for; ``found``: what Microsoft names
    instead, "" if none."""

    connection: Connection
    domain: str
    was: str
    found: str

    @property
    def sentence(self) -> str:
        """What the log says, in English."""
        now = f"the directory {self.found}" if self.found else "no directory"
        return (
            f"The domain {self.domain} is no longer verified for the directory {self.was}: "
            f"Microsoft names {now}."
        )

    @property
    def line(self) -> str:
        if self.found:
            text = _("%(connection)s: %(domain)s now belongs to the directory %(now)s.")
        else:
            text = _("%(connection)s: Microsoft knows no directory with the domain %(domain)s.")
        return text % {
            "connection": self.connection.name,
            "domain": self.domain,
            "now": self.found,
        }


def send(withdrawn: Sequence[Withdrawal]) -> None:
    """Write to the site's ADMINS and to the contacts of the connections, and send the signal.

    Raises nothing: the withdrawal stands, and is in the log, whatever a mail server says.
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
            write_to(addressee, _("A domain is no longer verified"), _body(theirs))
        except Exception:  # mail backends raise whatever they like
            logger.exception("The notice for %s could not be sent.", addressee)


def _body(withdrawn: list[Withdrawal]) -> str:
    advice = _(
        "From now on nobody gets a user name or an address in this domain by the connection, and "
        "nobody is linked by it. People sign in as before. If the domain has moved, correct the "
        "connection; if not, ask the directory's administrator what has happened."
    )
    return "\n".join([*(each.line for each in withdrawn), "", advice])
