"""*API permissions*: those of Microsoft Graph that the stand-in knows, and admin consent."""

from __future__ import annotations

from ..oauth.permissions import ADMIN_CONSENT, APPLICATION, DELEGATED
from ..server.wire import Response
from .html import boxes, code, escape, form, pane, row_button, table
from .layout import page
from .place import Place

KINDS = {"delegated": DELEGATED, "application": APPLICATION}


def show(place: Place) -> Response:
    directory = place.directory
    add = form(
        boxes("delegated:", "Delegated permissions", DELEGATED)
        + boxes("application:", "Application permissions", APPLICATION),
        do="add",
        button="Add permissions",
    )
    grant = form("", do="grant", button=f"Grant admin consent for {directory.name}")
    headers = ("Permission", "Type", "Description", "Admin consent required", "Status", "Change")
    return page(
        place,
        "API permissions",
        "<h2>Configured permissions</h2>"
        + pane(place, "Add a permission", f"<h3>Microsoft Graph</h3>{add}")
        + grant
        + table(
            "Configured permissions", headers, _rows(place), none="No permissions are configured."
        ),
    )


def _rows(place: Place) -> list[tuple[str, ...]]:
    app, directory = place.app, place.directory
    granted = {
        "delegated": app.granted_delegated(directory),
        "application": app.granted_application(directory),
    }
    rows: list[tuple[str, ...]] = []
    for kind, names in (("delegated", app.delegated), ("application", app.application)):
        for name in names:
            is_granted = name in granted[kind]
            needs_admin = kind == "application" or name in ADMIN_CONSENT
            missing = f"Not granted for {directory.name}" if needs_admin else ""
            rows.append(
                (
                    code(name),
                    kind.capitalize(),
                    escape(KINDS[kind].get(name, "")),
                    "Yes" if needs_admin else "No",
                    escape(f"Granted for {directory.name}" if is_granted else missing),
                    row_button("Remove", f"{name} ({kind})", do="remove", key=f"{kind}:{name}"),
                )
            )
    return rows


def add(place: Place) -> Response:
    app = place.app
    for kind, listed in (("delegated", app.delegated), ("application", app.application)):
        for name in KINDS[kind]:
            if f"{kind}:{name}" in place.typed and name not in listed:
                listed.append(name)
    return place.back("permissions")


def remove(place: Place) -> Response:
    """Take it off the registration. A grant stays, as in Entra."""
    kind, _, name = place.value("key").partition(":")
    listed = place.app.application if kind == "application" else place.app.delegated
    if name in listed:
        listed.remove(name)
    return place.back("removed")


def grant(place: Place) -> Response:
    place.app.grant(place.directory)
    return place.back("granted")
