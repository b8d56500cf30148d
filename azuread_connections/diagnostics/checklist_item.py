"""A step of the checklist."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from ..microsoft.wording import Text


class Place(enum.StrEnum):
    """Where a step is taken: a part of the connection's page, or a separate page."""

    CALLBACK = "callback"
    CREDENTIALS = "credentials"
    CONSENT = "consent"
    APPLICATIONS = "applications"
    DIRECTORIES = "directories"
    SETUP = "setup"
    CHECK = "check"
    TRY = "try"


@dataclass(frozen=True)
class Item:
    """One step. ``state``: "done", "todo", "lacking" (known to be missing) or "warning".

    ``evidence``: what shows the state; ``next``: what to do, "" if nothing; ``place``: where.
    ``stops_sign_ins``: nobody can sign in until it is done. ``is_proof``: people, or a trial, have
    come through. ``anchor``: where on the page, for a step whose place is none of ``Place``.
    """

    key: str
    title: Text
    state: str
    evidence: Text
    next: Text = ""
    place: Place | None = None
    stops_sign_ins: bool = False
    is_proof: bool = False
    anchor: str = ""

    @property
    def is_done(self) -> bool:
        return self.state == "done"


def day(moment: datetime) -> str:
    """Return a time in the site's time zone, to the minute."""
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    return f"{local:%Y-%m-%d %H:%M}"
