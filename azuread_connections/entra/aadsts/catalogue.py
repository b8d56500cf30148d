"""All entries by their number."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from . import (
    accounts,
    consent,
    credentials,
    directories,
    policies,
    registration,
    requests,
    temporary,
)
from .explanation import Explanation, Owner
from .remedies import LOOK_UP, SHOW_AND_ASK

#: All entries, including any duplicates, which a test finds.
ENTRIES: tuple[Explanation, ...] = (
    *accounts.ENTRIES,
    *policies.ENTRIES,
    *consent.ENTRIES,
    *credentials.ENTRIES,
    *registration.ENTRIES,
    *directories.ENTRIES,
    *requests.ENTRIES,
    *temporary.ENTRIES,
)
CATALOGUE: dict[int, Explanation] = {each.code: each for each in ENTRIES if each.code is not None}


def explain(code: int | None) -> Explanation:
    """Return the explanation of a number. An unknown number gets a general one."""
    if code is None:
        return Explanation(None, Owner.SITE, _("Microsoft gave no error number."), SHOW_AND_ASK)
    known = CATALOGUE.get(code)
    if known is not None:
        return known
    return Explanation(
        code, Owner.SITE, _("Microsoft refused, for a reason that is not in our list."), LOOK_UP
    )
