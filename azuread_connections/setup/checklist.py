"""A connection's open set-up link, as a step of its checklist."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ..diagnostics.checklist_item import Item, Place, day
from ..models import Connection, SetupLink
from . import steps
from .states import OPEN, State, in_state


def open_link(connection: Connection) -> SetupLink | None:
    """Return the connection's open link: one that waits for approval, else the newest."""
    links = list(in_state(connection.setup_links.all(), *OPEN)[:20])
    waiting = [link for link in links if link.state == State.FINISHED]
    return next(iter(waiting or links), None)


def setup_item(link: SetupLink) -> Item:
    """Return the step of the checklist for an open link."""
    title = _("Set up by the customer")
    if link.state == State.FINISHED and link.finished_at:
        return Item(
            "setup",
            title,
            "warning",
            _("The customer finished on %s, and waits for your approval.") % day(link.finished_at),
            _("Look at what was entered, and approve it."),
            Place.SETUP,
        )
    if link.state == State.SENT:
        evidence = _("Invited on %(made)s. The link is valid until %(end)s.")
        words = {"made": day(link.created_at), "end": day(link.expires_at)}
        return Item("setup", title, "todo", evidence % words, "", Place.SETUP)
    evidence = _("The customer is at step %(number)d of %(all)d, “%(step)s”.")
    return Item("setup", title, "todo", evidence % step_words(link), "", Place.SETUP)


def step_words(link: SetupLink) -> dict[str, object]:
    """Return the furthest step of a link for a text: ``number``, ``all`` and ``step``."""
    known = steps.names(link)
    name = link.step if link.step in known else known[0]
    return {"number": known.index(name) + 1, "all": len(known), "step": steps.TITLES[name]}
