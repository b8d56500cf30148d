"""The consent pages, and the page for people who cannot consent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from ..directory.apps import App
from ..directory.directories import Directory, Person
from ..server.pages import hidden_fields, page
from ..server.wire import Response
from .errors import Incident
from .permissions import APPLICATION, DELEGATED

SIGN_IN = "Sign you in, and read your name and e-mail address"


def consent_page(
    *,
    action: str,
    params: Mapping[str, str],
    app: App,
    person: Person,
    scopes: Sequence[str],
) -> Response:
    """The page that asks a person for consent; administrators can consent for everybody."""
    rows = "".join(_row(name, DELEGATED[name]) for name in scopes)
    for_everybody = ""
    if person.admin:
        for_everybody = (
            '<p><label><input type="checkbox" name="organization" value="1"> '
            "Consent on behalf of your organization</label></p>"
        )
    return page(
        "Permissions requested",
        f"""
<h1>Permissions requested</h1>
<p><strong>{escape(app.name)}</strong> would like to, for {escape(person.sign_in_name)}:</p>
<ul><li class="row">{SIGN_IN}</li>{rows}</ul>
<form method="post" action="{escape(action)}" data-standin="consent">
{hidden_fields({**params, "person": person.object_id})}{for_everybody}
<button name="cancel" value="1">Cancel</button>
<button name="accept" value="1">Accept</button></form>""",
    )


def admin_consent_page(
    *,
    action: str,
    params: Mapping[str, str],
    app: App,
    person: Person,
    delegated: Sequence[str],
    application: Sequence[str],
) -> Response:
    """The page that asks an administrator for consent for the whole directory."""
    rows = "".join(_row(name, DELEGATED[name]) for name in delegated)
    rows += "".join(
        _row(name, f"{APPLICATION[name]}, without anybody signed in") for name in application
    )
    return page(
        "Permissions requested",
        f"""
<h1>Permissions requested: review for your organization</h1>
<p><strong>{escape(app.name)}</strong> would like to, for all users in
{escape(person.directory.name)}:</p>
<ul><li class="row">{SIGN_IN}</li>{rows}</ul>
<form method="post" action="{escape(action)}" data-standin="consent">
{hidden_fields({**params, "person": person.object_id})}
<button name="cancel" value="1">Cancel</button>
<button name="accept" value="1">Accept</button></form>""",
    )


def approval_page(*, app: App, description: str, incident: Incident, code: int) -> Response:
    """The page for people who cannot consent."""
    response = page(
        "Need admin approval",
        f"""
<h1>Need admin approval</h1>
<p><strong>{escape(app.name)}</strong> needs permission to access resources in your
organization that only an admin can grant. Please ask an admin to grant permission to this app
before you can use it.</p>
<p data-aadsts="{code}">{escape(description)}</p>""",
    )
    response.headers["x-ms-request-id"] = incident.trace_id
    return response


def signed_out_page(
    *, frames: Sequence[str], onward: str | None, directory: Directory | None
) -> Response:
    """The page after signing out, which loads the apps' pages in hidden frames."""
    loading = "".join(
        f'<iframe src="{escape(address)}" hidden title="signing out"></iframe>'
        for address in frames
    )
    where = f" of {escape(directory.name)}" if directory else ""
    link = f'<p><a href="{escape(onward)}">Back to the app</a></p>' if onward else ""
    response = page(
        "Signed out",
        f"""
<h1>You signed out of your account</h1>
<p>You are signed out{where}. It’s a good idea to close all browser windows.</p>{link}{loading}""",
        frames=frames,
    )
    if onward:
        # Time for the frames to load, because of which this is not a plain redirect.
        response.headers["Refresh"] = f"1; url={onward}"
    return response


def _row(name: str, text: str) -> str:
    return f'<li class="row">{escape(text)} <code>{escape(name)}</code></li>'
