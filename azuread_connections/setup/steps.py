"""The steps of a set-up, and how far a link has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from ..models import SetupLink

WELCOME, REGISTER, CREDENTIALS = "welcome", "register", "credentials"
DOMAINS, PERMISSIONS, TRY, DONE = "domains", "permissions", "try", "done"

TITLES: dict[str, Any] = {
    WELCOME: _("Welcome"),
    REGISTER: _("Register the app"),
    CREDENTIALS: _("Credentials"),
    DOMAINS: _("Domains"),
    PERMISSIONS: _("Permissions"),
    TRY: _("Try it"),
    DONE: _("Done"),
}

_STEPS = {
    SetupLink.Purpose.SETUP: tuple(TITLES),
    SetupLink.Purpose.RENEW: (WELCOME, CREDENTIALS, DONE),
}


@dataclass(frozen=True)
class Step:
    """A step as the list of steps shows it. ``is_reached``: its page can be opened."""

    name: str
    title: str
    number: int
    is_reached: bool
    is_current: bool


def names(link: SetupLink) -> tuple[str, ...]:
    """Return the names of the link's steps, in order."""
    return _STEPS[SetupLink.Purpose(link.purpose)]


def is_reached(link: SetupLink, name: str) -> bool:
    """Return whether the page of a step can be opened: each one up to the furthest reached."""
    known = names(link)
    return name in known and known.index(name) <= _furthest(link)


def following(link: SetupLink, name: str) -> str:
    """Return the step after this one; the last one for the last."""
    known = names(link)
    return known[min(known.index(name) + 1, len(known) - 1)]


def reach(link: SetupLink, name: str) -> bool:
    """Store that a step was reached; return False, and do nothing, if the link has come as far."""
    if names(link).index(name) <= _furthest(link):
        return False
    link.step = name
    link.save(update_fields=["step"])
    return True


def go_back_to(link: SetupLink, name: str) -> None:
    """Store that no step after this one is reached any more."""
    known = names(link)
    if name in known and _furthest(link) > known.index(name):
        link.step = name
        link.save(update_fields=["step"])


def progress(link: SetupLink, current: str) -> list[Step]:
    return [
        Step(name, TITLES[name], number, is_reached(link, name), name == current)
        for number, name in enumerate(names(link), start=1)
    ]


def _furthest(link: SetupLink) -> int:
    known = names(link)
    return known.index(link.step) if link.step in known else 0
