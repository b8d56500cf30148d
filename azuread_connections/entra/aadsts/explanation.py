"""An entry of the catalogue: its type, its owner and its class."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class Owner(enum.Enum):
    """Who can fix it. ``label``: for people to read."""

    EMPLOYEE = "employee"
    DIRECTORY = "directory"
    SITE = "site"
    MICROSOFT = "microsoft"

    @property
    def label(self) -> str:
        return str(_LABELS[self])


_LABELS = {
    Owner.EMPLOYEE: _("the person who signs in"),
    Owner.DIRECTORY: _("the directory's administrator"),
    Owner.SITE: _("this site's administrator"),
    Owner.MICROSOFT: _("Microsoft: wait"),
}


class ErrorClass(enum.Enum):
    """What the number means for the sign-in. ``errors`` has an exception class for each."""

    #: The credential is wrong, expired or was not sent: another one can work.
    CREDENTIAL_REJECTED = enum.auto()
    #: The code or the person's session at Microsoft has expired: another sign-in works.
    STALE = enum.auto()
    #: Nobody has granted what the application asks for.
    CONSENT_REQUIRED = enum.auto()
    #: The person declined, or a rule of their organisation stops this person or this account.
    ACCESS_DENIED = enum.auto()
    #: There is no such directory in this cloud.
    UNKNOWN_DIRECTORY = enum.auto()
    #: A temporary failure at Microsoft.
    TEMPORARY = enum.auto()
    #: Anything else, most often a wrong registration or a wrong field of the connection.
    OTHER = enum.auto()


@dataclass(frozen=True)
class Explanation:
    """A failure, its meaning and its remedy. ``code``: None for failures without a number."""

    code: int | None
    owner: Owner
    meaning: Text
    remedy: Text
    error_class: ErrorClass = ErrorClass.OTHER

    @property
    def link(self) -> str:
        """The address of Microsoft's page about the number; "" without one."""
        return f"https://login.microsoftonline.com/error?code={self.code}" if self.code else ""


def entries(
    owner: Owner, error_class: ErrorClass, texts: Mapping[int, tuple[Text, Text]]
) -> tuple[Explanation, ...]:
    """Return the entries that share owner and class. ``texts``: meaning and remedy by number."""
    return tuple(
        Explanation(code, owner, meaning, remedy, error_class)
        for code, (meaning, remedy) in texts.items()
    )
