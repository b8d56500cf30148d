"""The record that verifies a domain, and what the records that were found there say.

Nothing here sends a query: see ``resolver``.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import Enum

#: The record has a name of its own, below the domain's: nothing else stands there, and a CNAME is
#: possible where the domain itself cannot have one (RFC 1034, section 3.6.2; names that begin with
#: "_" are no hosts: RFC 8552).
LABEL = "_azuread-connections"
PREFIX = "azuread-connections-verification="

#: How many of the records found are shown, and how much of each.
_MOST_SEEN = 5
_MOST_LETTERS = 120


class Outcome(Enum):
    """The result of asking for the record of a domain."""

    FOUND = "found"
    #: The name does not exist, or has no TXT record.
    NOT_FOUND = "not_found"
    #: There are TXT records, and none has the token.
    WRONG = "wrong"
    #: No DNS server answered in time.
    TIMEOUT = "timeout"
    #: The servers cannot answer (SERVFAIL), refuse to, or none can be reached.
    FAILURE = "failure"

    @property
    def is_conclusive(self) -> bool:
        """Whether the domain's own servers have answered."""
        return self not in (Outcome.TIMEOUT, Outcome.FAILURE)


@dataclass(frozen=True)
class Lookup:
    """The answer about a domain's record: the texts found, or why there is no answer.

    ``problem``: ``TIMEOUT`` or ``FAILURE``; None if the domain's servers have answered.
    """

    texts: tuple[str, ...] = ()
    problem: Outcome | None = None

    @property
    def is_conclusive(self) -> bool:
        return self.problem is None

    def outcome_for(self, token: str) -> Outcome:
        """Return what the answer means for whoever expects this token."""
        if self.problem is not None:
            return self.problem
        if not self.texts:
            return Outcome.NOT_FOUND
        return Outcome.FOUND if has_token(self.texts, token) else Outcome.WRONG

    @property
    def seen(self) -> tuple[str, ...]:
        """The texts found, for a page: a few, short, in printable letters only."""
        return tuple(_printable(text) for text in self.texts[:_MOST_SEEN])


def record_name(domain: str) -> str:
    """Return the name of a domain's record, without a dot at its end."""
    return f"{LABEL}.{domain}"


def record_value(token: str) -> str:
    return f"{PREFIX}{token}"


def has_token(texts: tuple[str, ...], token: str) -> bool:
    """Return whether one of the texts is the record with this token.

    Spaces and quotation marks around it and the case of its letters do not count: pages of DNS
    providers add and change them. An empty token is in no record.
    """
    if not token:
        return False
    expected = record_value(token).encode()
    return any(hmac.compare_digest(_bare(text).encode(), expected) for text in texts)


def _bare(text: str) -> str:
    # A provider that takes quotation marks as part of the text sends them.
    return text.strip().strip("\"'“”").strip().lower()


def _printable(text: str) -> str:
    shown = "".join(letter if letter.isprintable() else "�" for letter in text[:_MOST_LETTERS])
    return shown if len(text) <= _MOST_LETTERS else f"{shown}…"
