"""The pages that a browser sees. Everything that comes from outside is escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from urllib.parse import urlsplit

from ..directory.apps import PLATFORMS, App, Platform
from ..directory.directories import Directory, Person
from ..oauth.errors import Incident
from .wire import Response

# More buttons than this would be useless: search for the rest.
SHOWN_PEOPLE = 30
SEARCH_FIELD = "standin_search"

PLATFORM_NOTES: Mapping[Platform, str] = {
    "web": "",
    "spa": " (single-page)",
    "public": " (public client)",
}

SUBMIT_SCRIPT = "document.forms[0].submit()"

STYLE = """
:root { color-scheme: light dark; --line: #8a8a94; --accent: #0f5bb5; --paper: #f3f3f6;
  --bad: #a81d1d; --card: #fff; }
@media (prefers-color-scheme: dark) { :root { --line: #73737f; --accent: #8ab8f5; --paper: #17171b;
  --bad: #ff9c9c; --card: #232329; } }
* { box-sizing: border-box; }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; background: var(--paper); }
header { padding: .5rem 1rem; border-bottom: 1px solid var(--line); font-weight: 600; }
main { max-width: 34rem; margin: 0 auto; padding: 1rem; }
main.wide { max-width: 60rem; }
h1 { font-size: 1.5rem; margin: 1rem 0 .5rem; }
h2 { font-size: 1.125rem; margin: 1.5rem 0 .5rem; overflow-wrap: anywhere; }
h3 { font-size: 1rem; margin: 1rem 0 .5rem; }
p { margin: .5rem 0; overflow-wrap: anywhere; }
ul { list-style: none; margin: 1rem 0; padding: 0; }
li { margin: .5rem 0; }
li.row { overflow-wrap: anywhere; }
button, input { font: inherit; min-height: 2.75rem; padding: .5rem .75rem; border-radius: .375rem;
  border: 1px solid var(--line); }
button { cursor: pointer; background: Canvas; color: CanvasText; }
pre { overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
summary { cursor: pointer; overflow-wrap: anywhere; }
select { font: inherit; min-height: 2.75rem; width: 100%; }
button.account { width: 100%; text-align: start; display: block; }
button.account.hinted { border: 2px solid var(--accent); }
button.account strong, button.account span { display: block; overflow-wrap: anywhere; }
button:focus-visible, input:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
form.search { display: flex; gap: .5rem; flex-wrap: wrap; align-items: end; }
form.search input { width: 100%; }
label { flex: 1 1 12rem; }
form.inline { display: inline-block; margin: 0 .5rem .5rem 0; }
code { font-family: ui-monospace, monospace; }
"""


def account_picker(
    *,
    action: str,
    search_action: str,
    params: Mapping[str, str],
    people: Sequence[Person],
    app: App,
    directory: Directory | None,
) -> Response:
    """The page where a person says who they are. There are no passwords here."""
    search = params.get(SEARCH_FIELD, "").strip()
    request = {name: value for name, value in params.items() if name != SEARCH_FIELD}
    hint = params.get("login_hint", "")
    shown = _shown_people(people, search=search, hint=hint)
    where = directory.name if directory else "your organization"
    buttons = _account_buttons(shown, hint=hint, grouped=directory is None)
    hidden = hidden_fields(request)
    searching = ""
    if len(people) > SHOWN_PEOPLE:
        searching = f"""
<form class="search" method="get" action="{escape(search_action)}">{hidden}
<label>Find a person <input name="{SEARCH_FIELD}" value="{escape(search)}"></label>
<button>Search</button></form>
<p>Showing {len(shown)} of {len(people)} people.</p>"""
    return page(
        "Pick an account",
        f"""
<h1>Pick an account</h1>
<p>to continue to <strong>{escape(app.name)}</strong> in {escape(where)}</p>{searching}
<form method="post" action="{escape(action)}" data-standin="picker">{hidden}
{buttons or "<p>Nobody here has that name.</p>"}
<button name="cancel" value="1">Cancel</button>
</form>
<form class="search" method="post" action="{escape(action)}">{hidden}
<label>Use another account <input name="person" autocomplete="off"></label>
<button>Next</button></form>""",
    )


def error_page(*, code: int, description: str, incident: Incident) -> Response:
    """Microsoft's "Sorry, but we're having trouble signing you in"."""
    response = page(
        "Sign-in error",
        f"""
<h1>Sorry, but we’re having trouble signing you in.</h1>
<p data-aadsts="{code}">{escape(description)}</p>
<p>Request Id: <code>{escape(incident.trace_id)}</code><br>
Correlation Id: <code>{escape(incident.correlation_id)}</code><br>
Timestamp: {escape(incident.timestamp)}</p>""",
    )
    response.status = 400
    response.headers["x-ms-request-id"] = incident.trace_id
    return response


def code_page(code: str, text: str) -> Response:
    """The page of `error_uri`."""
    return page(
        "Error code lookup",
        f"<h1>AADSTS{escape(code)}</h1><p>{escape(text)}</p>",
    )


def form_post(redirect_uri: str, answer: Mapping[str, str]) -> Response:
    """The page that posts the response to the app automatically."""
    response = page(
        "Working…",
        f"""
<h1>Working…</h1>
<form method="post" action="{escape(redirect_uri)}" data-standin="form_post">
{hidden_fields(answer)}
<p>Going back to the app.</p><button>Continue</button></form>
<script>{SUBMIT_SCRIPT}</script>""",
    )
    response.headers["Cache-Control"] = "no-store, no-cache"
    return response


def control_page(
    *, directories: Iterable[Directory], url: str, now: float, notice: str = ""
) -> Response:
    """The content of the stand-in, and switches for failures."""
    sections = "".join(_directory_section(directory, now) for directory in directories)
    failures = "".join(
        button_form("/_standin/fail", label, code=code)
        for code, label in (
            ("7000222", "Secret expired (AADSTS7000222)"),
            ("7000215", "Secret wrong (AADSTS7000215)"),
            ("503", "Microsoft is down (503)"),
        )
    )
    return page(
        "Control page",
        f"""
<h1>Stand-in for Microsoft’s login service</h1>
<p>This imitates Microsoft Entra ID at <code>{escape(url)}</code> and Microsoft Graph at
<code>{escape(url)}/graph</code> for development and tests.
Nobody here is real, and anyone who reaches it can sign in as anybody.</p>
{f'<p role="status"><strong>{escape(notice)}</strong></p>' if notice else ""}
<h2>Make something happen</h2>
{button_form("/_standin/rotate", "Roll the signing keys")}
<p>Let the next token request fail:</p>
{failures}
<h2>The admin center</h2>
<p><a href="/_standin/portal/">Register and change apps by hand</a>, as in the Microsoft Entra admin
center.</p>
<h2>Provisioning</h2>
<p><a href="/_standin/provisioning">Send people and groups to a SCIM server</a></p>
{sections or "<p>There are no directories yet.</p>"}""",
        wide=True,
    )


def _directory_section(directory: Directory, now: float) -> str:
    people = "".join(
        f'<li class="row">{escape(person.name)}, <code>{escape(person.upn)}</code>'
        f"{', guest' if person.guest else ''}{', administrator' if person.admin else ''}"
        f"{'' if person.enabled else ', disabled'}</li>"
        for person in directory.people[:SHOWN_PEOPLE]
    )
    more = len(directory.people) - SHOWN_PEOPLE
    if more > 0:
        people += f"<li>and {more} more</li>"
    apps = "".join(_app_row(app, now) for app in directory.apps)
    groups = ", ".join(escape(group.name) for group in directory.groups[:SHOWN_PEOPLE])
    further = len(directory.groups) - SHOWN_PEOPLE
    if further > 0:
        groups += f" and {further} more"
    return f"""
<h2>{escape(directory.name)}</h2>
<p>{escape(", ".join(directory.domains))}<br>
Directory ID <code>{escape(directory.tenant_id)}</code></p>
<h3>People</h3><ul>{people or "<li>nobody</li>"}</ul>
<h3>Groups</h3><p>{groups or "none"}</p>
<h3>Applications</h3><ul>{apps or "<li>none</li>"}</ul>"""


def _app_row(app: App, now: float) -> str:
    secrets = "".join(
        f"<br>Secret <code>{escape(secret.value)}</code>"
        f"{' (expired)' if secret.is_expired(now) else ''}"
        for secret in app.secrets
    )
    redirects = "".join(
        f"<br>Redirect URI <code>{escape(uri)}</code>{PLATFORM_NOTES[platform]}"
        for platform in PLATFORMS
        for uri in app.redirect_uris_of(platform)
    )
    return (
        f'<li class="row">{escape(app.name)}: client ID <code>{escape(app.client_id)}</code>'
        f"{', multi-tenant' if app.multi_tenant else ''}{secrets}{redirects}</li>"
    )


def _shown_people(people: Sequence[Person], *, search: str, hint: str) -> list[Person]:
    wanted = search.lower()
    found = [
        person
        for person in people
        if wanted in person.name.lower() or wanted in person.sign_in_name.lower()
    ]
    found.sort(key=lambda person: not (hint and person.is_called(hint)))
    return found[:SHOWN_PEOPLE]


def _account_buttons(people: Sequence[Person], *, hint: str, grouped: bool) -> str:
    """One list of buttons, or one for each directory if there are several."""
    if not grouped:
        return f"<ul>{_account_list(people, hint)}</ul>" if people else ""
    by_directory: dict[Directory, list[Person]] = {}
    for person in people:
        by_directory.setdefault(person.directory, []).append(person)
    return "".join(
        f"<h2>{escape(directory.name)}</h2><ul>{_account_list(members, hint)}</ul>"
        for directory, members in by_directory.items()
    )


def _account_list(people: Sequence[Person], hint: str) -> str:
    return "".join(_account_button(person, hint=hint) for person in people)


def _account_button(person: Person, *, hint: str) -> str:
    hinted = bool(hint) and person.is_called(hint)
    return (
        f'<li><button class="account{" hinted" if hinted else ""}" name="person" '
        f'value="{escape(person.object_id)}" data-upn="{escape(person.upn)}">'
        f"<strong>{escape(person.name)}</strong><span>{escape(person.sign_in_name)}"
        f"{' (administrator)' if person.admin else ''}</span>"
        "</button></li>"
    )


def button_form(action: str, label: str, **fields: str) -> str:
    return (
        f'<form class="inline" method="post" action="{escape(action)}">'
        f"{hidden_fields(fields)}<button>{escape(label)}</button></form>"
    )


def hidden_fields(fields: Mapping[str, str]) -> str:
    return "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )


def page(title: str, content: str, *, wide: bool = False, frames: Sequence[str] = ()) -> Response:
    """A whole page; `frames` are the addresses that it loads in frames."""
    html = f"""<!doctype html>
<html lang="en" dir="ltr"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} – stand-in for Microsoft</title>
<style>{STYLE}</style></head>
<body><header>Stand-in for Microsoft: not the real thing</header>
<main{' class="wide"' if wide else ""}>{content}</main></body></html>"""
    return Response(
        body=html.encode(),
        headers={
            "Cache-Control": "no-store",
            "Content-Security-Policy": (
                f"default-src 'none'; style-src {source_hash(STYLE)}; "
                f"script-src {source_hash(SUBMIT_SCRIPT)}; base-uri 'none'; frame-ancestors 'none'"
                f"{_frame_sources(frames)}"
            ),
            "X-Content-Type-Options": "nosniff",
        },
    )


def source_hash(text: str) -> str:
    """The source by which a policy allows an inline style or script, and no other."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _frame_sources(addresses: Sequence[str]) -> str:
    """The origins only: a path could contain characters that end a directive."""
    parts = [urlsplit(address) for address in addresses]
    origins = sorted({f"{part.scheme}://{part.netloc}" for part in parts})
    return f"; frame-src {' '.join(origins)}" if origins else ""
