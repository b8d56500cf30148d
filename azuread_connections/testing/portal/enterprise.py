"""*Enterprise applications*: who of the directory may use an app."""

from __future__ import annotations

from ..directory.directories import Person
from ..directory.groups import Group
from ..server.wire import Response
from .html import choice, code, escape, form, link, row_button, table, text_field
from .layout import page
from .place import Place


def listed(place: Place) -> Response:
    """Apps of this directory, and those of others that were consented to here."""
    rows = [
        (
            link(place.url(f"enterprise/{app.client_id}"), app.name),
            code(app.client_id),
            escape(app.directory.name),
        )
        for directory in place.call.state.registry.directories
        for app in directory.apps
        if app.is_present_in(place.directory)
    ]
    headers = ("Name", "Application ID", "Registered in")
    return page(
        place,
        "Enterprise applications",
        table("Enterprise applications", headers, rows, none="There are no applications yet."),
    )


def show(place: Place) -> Response:
    app, directory = place.app, place.directory
    required = app.requires_assignment(directory)
    properties = form(
        choice(
            place,
            "required",
            "Assignment required?",
            {"yes": "Yes", "no": "No"},
            chosen="yes" if required else "no",
            hint="With “Yes” only the users and groups below can sign in.",
        ),
        do="require",
        button="Save",
    )
    return page(
        place,
        app.name,
        f"<h2>Properties</h2><p>Application ID {code(app.client_id)}</p>{properties}"
        + (_assigned(place) if required else ""),
    )


def _assigned(place: Place) -> str:
    rows = [
        (
            escape(member.name),
            "Group" if isinstance(member, Group) else "User",
            row_button("Remove", member.name, do="unassign", key=member.object_id),
        )
        for member in place.app.assigned_in(place.directory)
    ]
    add = form(
        text_field(
            place,
            "member",
            "Add user/group",
            hint="A user principal name, or the name of a group. Nested groups do not count.",
            required=True,
        ),
        do="assign",
        button="Assign",
    )
    assigned = table(
        "Users and groups",
        ("Display name", "Object type", "Change"),
        rows,
        none="No application assignments found.",
    )
    return f"<h2>Users and groups</h2>{add}{assigned}"


def require(place: Place) -> Response:
    app, directory = place.app, place.directory
    if place.value("required") == "yes":
        app.require_assignment(directory, *app.assigned_in(directory))
    else:
        app.require_no_assignment(directory)
    return place.back("saved")


def assign(place: Place) -> Response:
    app, directory = place.app, place.directory
    wanted = place.value("member")
    member: Person | Group | None = directory.find_person(wanted) or directory.find_group(wanted)
    if member is None:
        return show(place.refused(member="No user or group of this name was found."))
    app.require_assignment(directory, *app.assigned_in(directory), member)
    return place.back("saved")


def unassign(place: Place) -> Response:
    app, directory = place.app, place.directory
    key = place.value("key")
    remaining = [each for each in app.assigned_in(directory) if each.object_id != key]
    app.require_assignment(directory, *remaining)
    return place.back("removed")
