"""Boxes that optional sub-apps add to a connection's page.

A sub-app adds its box where its own admin pages are registered, so that the core need not know of
it. The step of the checklist has a registry of its own: ``diagnostics/additional_steps.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest

from ...microsoft.wording import Text
from ...models import Connection


@dataclass(frozen=True)
class Box:
    """A section of the page. ``summary``: what is set, in a line that is seen while it is closed.

    ``template`` is rendered with ``context`` inside the connection's form, so it has no form of its
    own. Its buttons name theirs by the attribute ``form``, and ``forms_template`` is rendered, with
    the same context, below the connection's form. ``is_open``:
    whether the section is open at first, as one with an error is.
    """

    title: Text
    template: str
    summary: Text = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    forms_template: str = ""
    is_open: bool = False


#: ``source(admin_site, request, connection)`` returns the box, or None where there is none to show.
#: It checks the user's permissions itself.
BoxSource = Callable[[AdminSite, HttpRequest, Connection], Box | None]

_sources: dict[str, BoxSource] = {}


def add_box(name: str, source: BoxSource) -> None:
    """Add a box to every connection's page, below the core's own sections.

    ``name``: letters, digits and "-"; the anchor of the section is ``azuread-`` and the name. A
    name that is known is replaced.
    """
    _sources[name] = source


def boxes(admin_site: AdminSite, request: HttpRequest, connection: Connection) -> dict[str, Box]:
    """Return the boxes to show for a stored connection, by name, in the order of ``add_box``."""
    found = ((name, source(admin_site, request, connection)) for name, source in _sources.items())
    return {name: box for name, box in found if box is not None}
