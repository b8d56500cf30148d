"""The directory itself: its overview, its domains, its people."""

from __future__ import annotations

from ..directory.directories import Directory, Person
from ..server.wire import Response
from .html import code, escape, facts, link, row_button, table
from .layout import bare_page, page
from .place import PORTAL, Place

#: More than this are found by searching.
SHOWN_PEOPLE = 50


def chooser(directories: list[Directory], path: str) -> Response:
    """Which directory? There is nobody to sign in as: the portal has no passwords."""
    listed = "".join(
        f"<li>{link(f'{PORTAL}/{each.tenant_id}/{path}', each.name)}, "
        f"{code(each.domain)}<br>Directory ID {code(each.tenant_id)}</li>"
        for each in directories
    )
    return bare_page(
        "Choose a directory",
        "<p>Open the admin center as an administrator of this directory. "
        "Nobody has a password here.</p>"
        f"<ul>{listed}</ul>"
        if listed
        else "<p>There are no directories yet.</p>",
    )


def overview(place: Place) -> Response:
    directory = place.directory
    properties = {
        "Name": directory.name,
        "Tenant ID": directory.tenant_id,
        "Primary domain": directory.domain,
    }
    counts = (
        f"<ul><li>Users: {len(directory.people)}</li><li>Groups: {len(directory.groups)}</li>"
        f"<li>Applications: {len(directory.apps)}</li></ul>"
    )
    return page(
        place,
        "Overview",
        f"<h2>Basic information</h2>{facts(properties)}{counts}",
    )


def domains(place: Place) -> Response:
    directory = place.directory
    rows = [
        (
            escape(name),
            "Verified",
            "Yes" if name == directory.domain else "",
            link("/_standin/dns", f"DNS records of {name}"),
        )
        for name in directory.domains
    ]
    return page(
        place,
        "Custom domain names",
        "<p>The domains of this directory. Their DNS records are not kept at Microsoft but by the "
        "host of the DNS zone. The stand-in plays that part, too.</p>"
        + table("Domains", ("Name", "Status", "Primary", "DNS zone"), rows, none=""),
    )


def users(place: Place) -> Response:
    wanted = place.call.request.query.get("search", "").strip().lower()
    found = [
        person
        for person in place.directory.people
        if wanted in person.name.lower() or wanted in person.upn.lower()
    ]
    searching = (
        '<form class="search" method="get"><label>Search by name '
        f'<input name="search" value="{escape(wanted)}"></label><button>Search</button></form>'
        f"<p>{min(len(found), SHOWN_PEOPLE)} of {len(found)} users shown.</p>"
    )
    headers = ("Display name", "User principal name", "User type", "Account enabled", "Change")
    return page(
        place,
        "Users",
        searching
        + table("Users", headers, map(_row, found[:SHOWN_PEOPLE]), none="No users found."),
    )


def _row(person: Person) -> tuple[str, ...]:
    label, do = ("Disable", "disable") if person.enabled else ("Enable", "enable")
    return (
        escape(person.name) + (" (administrator)" if person.admin else ""),
        code(person.upn),
        "Guest" if person.guest else "Member",
        "Yes" if person.enabled else "No",
        row_button(label, person.name, do=do, key=person.object_id),
    )


def enable(place: Place) -> Response:
    return _set_enabled(place, True)


def disable(place: Place) -> Response:
    return _set_enabled(place, False)


def _set_enabled(place: Place, enabled: bool) -> Response:
    person = place.directory.find_person(place.value("key"))
    if person is None:
        return users(place.refused(key="This user was deleted."))
    person.enabled = enabled
    return place.back("enabled" if enabled else "disabled")
