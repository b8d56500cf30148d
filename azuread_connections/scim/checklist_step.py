"""The step of the checklist for a connection that a directory provisions."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from ..diagnostics.checklist_item import Item, day
from ..models import Connection
from .models import ScimToken
from .recent import recent

ANCHOR = "azuread-provisioning"


def provisioning_step(connection: Connection) -> Item | None:
    """Return the step, or None for a connection without a token: it is not provisioned."""
    tokens = list(ScimToken._default_manager.filter(connection=connection))
    if not tokens:
        return None
    title, now = _("Provisioning"), timezone.now()
    if all(token.is_expired(now) for token in tokens):
        return Item(
            "provisioning",
            title,
            "lacking",
            _("Every token has expired, so the directory cannot report who joins and leaves."),
            _("Create a token, and enter it in Entra."),
            anchor=ANCHOR,
        )
    last = recent(connection)
    if last.last_request_at is None:
        return Item(
            "provisioning",
            title,
            "todo",
            _("The directory has sent nothing yet."),
            _("Enter base address and token in Entra, and press “Test Connection” there."),
            anchor=ANCHOR,
        )
    when = _("Last request on %s.") % day(last.last_request_at)
    if last.is_failing and last.last_error is not None:
        # Without the detail, which can name a person: not everybody here may see people.
        evidence = f"{when} " + _("It was refused (%s).") % last.last_error.status
        advice = _("See the request log. Refused requests put Entra's provisioning in quarantine.")
        return Item("provisioning", title, "warning", evidence, advice, anchor=ANCHOR)
    return Item("provisioning", title, "done", when)
