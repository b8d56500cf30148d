"""Temporary failures at Microsoft."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .explanation import ErrorClass, Owner, entries
from .remedies import WAIT, WAIT_OR_SUPPORT

ENTRIES = entries(
    Owner.MICROSOFT,
    ErrorClass.TEMPORARY,
    {
        50000: (_("An internal error at Microsoft: no token was issued."), WAIT_OR_SUPPORT),
        50033: (_("Microsoft's sign-in service has a temporary problem."), WAIT),
        50087: (_("Microsoft's second-factor service has a temporary problem."), WAIT),
        90006: (_("A service behind Microsoft's sign-in did not answer."), WAIT),
        90012: (_("Microsoft took too long."), WAIT),
        90024: (_("The directory has more sign-ins at once than Microsoft allows."), WAIT),
        90030: (_("Microsoft's sign-in service has a temporary problem."), WAIT),
        90033: (_("Microsoft's sign-in service has a temporary problem."), WAIT),
        90055: (_("Microsoft's sign-in is overloaded."), WAIT),
        90090: (_("Microsoft's sign-in service has a temporary problem."), WAIT),
        90091: (_("Microsoft's sign-in service has a temporary problem."), WAIT),
    },
)
