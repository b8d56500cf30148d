"""Reports by mail and by signal that a domain is no longer verified for a directory.

Once for each withdrawal: further requests do not repeat it.
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
    """A withdrawn proof. ``was``: the directory for which the domain was verified; ``found``: the
    one that Microsoft names now, "" if none."""

    connection: Connection
    domain: str
    was: str
    found: str

    @property
    def sentence(self) -> str:
        """The text of the event, in English."""
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
            write_to(addressee, _("A domain is no longer verified"), _body(theirs))
        except Exception:  # mail backends have their own exceptions
            logger.exception("The notice for %s could not be sent.", addressee)


def _body(withdrawn: list[Withdrawal]) -> str:
    advice = _(
        "From now on the connection gives nobody a username or an address in this domain, and "
        "links no user by it. People sign in as before. If the domain has moved, correct the "
        "connection; if not, ask the directory's administrator what has happened."
    )
    return "\n".join([*(each.line for each in withdrawn), "", advice])
