"""The frame of every page: header, menus, breadcrumb, notices."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from ..server.pages import STYLE as BASE_STYLE
from ..server.pages import source_hash
from ..server.wire import Response
from .html import link
from .place import PORTAL, Place

STYLE = f"""{BASE_STYLE}
a {{ color: var(--accent); }}
a:focus-visible, select:focus-visible, summary:focus-visible, .scroll:focus-visible
  {{ outline: 3px solid var(--accent); outline-offset: 2px; }}
.skip {{ position: absolute; inset-inline-start: -99rem; }}
.skip:focus {{ position: static; }}
.frame {{ display: flex; flex-wrap: wrap; align-items: flex-start; max-width: 75rem;
  margin: 0 auto; }}
.frame > nav {{ flex: 0 0 14rem; padding: 1rem; }}
@media (max-width: 40rem) {{
  .frame > nav {{ flex-basis: 100%; padding-bottom: 0; }}
  nav ul {{ display: flex; flex-wrap: wrap; }}
}}
.frame > main {{ flex: 1 1 20rem; min-width: 0; max-width: 56rem; margin: 0; }}
nav h2 {{ margin: .5rem 0 .25rem; font-size: 1rem; }}
nav ul {{ margin: 0 0 1rem; }}
nav li {{ margin: 0; }}
nav li a {{ display: block; padding: .375rem .5rem; border-radius: .375rem;
  text-decoration: none; }}
nav a[aria-current] {{ background: var(--card); font-weight: 600; }}
.trail {{ padding: .5rem 1rem 0; max-width: 75rem; margin: 0 auto; }}
.field label, legend, summary {{ font-weight: 600; }}
.field label {{ display: block; }}
.field label.needed::after {{ content: " *" / ""; color: var(--bad); }}
.field input, .field select {{ width: 100%; max-width: 38rem; }}
select {{ font: inherit; min-height: 2.75rem; padding: .5rem; border-radius: .375rem;
  border: 1px solid var(--line); background: Field; color: FieldText; }}
input[type=radio], input[type=checkbox] {{ min-height: 0; width: 1.125rem; height: 1.125rem;
  vertical-align: -.125rem; }}
input[readonly] {{ background: var(--card); font-family: ui-monospace, monospace; }}
fieldset {{ border: 1px solid var(--line); border-radius: .375rem; margin: 1rem 0;
  min-width: 0; overflow-wrap: anywhere; }}
.option {{ display: block; padding: .25rem 0; }}
.pane {{ border: 1px solid var(--line); border-radius: .375rem; margin: 1rem 0;
  padding: .25rem 1rem; }}
summary {{ cursor: pointer; padding: .5rem 0; }}
.error, .hint {{ display: block; }}
.error {{ color: var(--bad); font-weight: 600; }}
.notice {{ border-inline-start: .25rem solid var(--accent); background: var(--card);
  padding: .5rem 1rem; }}
.scroll {{ overflow-x: auto; position: relative; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: start; vertical-align: top; padding: .5rem; font-weight: 400;
  border-bottom: 1px solid var(--line); }}
th code, td code {{ overflow-wrap: anywhere; display: inline-block; min-width: 10rem;
  font-size: .875rem; }}
td input {{ min-width: 26rem; width: 100%; }}
thead th {{ font-weight: 600; }}
td form, .option form {{ margin: 0; }}
td button {{ white-space: nowrap; min-height: 2rem; padding: .25rem .5rem; }}
.hidden {{ position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }}
"""

#: By the value of `done` in the address: a notice is one of these, never the address's own text.
NOTICES = {
    "registered": "The app was registered.",
    "saved": "The changes were saved.",
    "removed": "Removed.",
    "secret": "A client secret was added.",
    "certificate": "The certificate was uploaded.",
    "federated": "The federated credential was added.",
    "permissions": "The permissions were added. Some need an administrator's consent.",
    "granted": "Admin consent was granted for the listed permissions.",
    "enabled": "The account was enabled.",
    "disabled": "The account was disabled.",
}

DIRECTORY_MENU = {
    "": "Overview",
    "users": "Users",
    "apps": "App registrations",
    "enterprise": "Enterprise applications",
    "domains": "Custom domain names",
}
APP_MENU = {
    "": "Overview",
    "authentication": "Authentication",
    "credentials": "Certificates & secrets",
    "permissions": "API permissions",
}


def page(place: Place, title: str, content: str) -> Response:
    """A page of a directory."""
    directory = place.directory
    trail = [link(place.url(), directory.name)]
    if place.has_app and place.path.startswith("apps/"):
        trail.append(link(place.url("apps"), "App registrations"))
    above = f"{' › '.join(trail)}. {link(f'{PORTAL}/?choose=1', 'Switch directory')}"
    whole = _whole(
        f"{title} – {directory.name}",
        f"""
<nav class="trail" aria-label="Breadcrumb">{above}</nav>
<div class="frame"><nav aria-label="Menu">{_menus(place)}</nav>
<main id="main"><h1>{escape(title)}</h1>{_notices(place)}{content}</main></div>""",
        has_errors=bool(place.errors),
    )
    whole.headers["Set-Cookie"] = (
        f"{DIRECTORY_COOKIE}={directory.tenant_id}; Path={PORTAL}; HttpOnly; SameSite=Lax"
    )
    return whole


#: The directory that this browser was last in: addresses that name none lead there.
DIRECTORY_COOKIE = "azuread_standin_directory"


def bare_page(title: str, content: str, *, status: int = 200) -> Response:
    """A page of no directory."""
    response = _whole(title, f'<main id="main"><h1>{escape(title)}</h1>{content}</main>')
    response.status = status
    return response


def _menus(place: Place) -> str:
    if not (place.has_app and place.path.startswith("apps/")):
        return _menu("Entra ID", DIRECTORY_MENU, place.url(), place.path)
    # Only the app's, so that a link's name means one page: "Overview" is in both menus.
    start = f"apps/{place.app.client_id}/"
    return _menu(place.app.name, APP_MENU, place.url(start), place.path.removeprefix(start))


def _menu(title: str, entries: Mapping[str, str], start: str, current: str) -> str:
    lines = "".join(
        f'<li><a href="{escape(start + path)}"{_current(path, current)}>{escape(text)}</a></li>'
        for path, text in entries.items()
    )
    return f"<h2>{escape(title)}</h2><ul>{lines}</ul>"


def _current(path: str, current: str) -> str:
    if path == current:
        return ' aria-current="page"'
    return ' aria-current="true"' if path and current.startswith(f"{path}/") else ""


def _notices(place: Place) -> str:
    if place.errors:
        return '<p class="error" role="alert">This was not saved: see the message at the field.</p>'
    notice = NOTICES.get(place.call.request.query.get("done", ""), "")
    return f'<p class="notice" role="status">{notice}</p>' if notice else ""


def _whole(title: str, body: str, *, has_errors: bool = False) -> Response:
    html = f"""<!doctype html>
<html lang="en" dir="ltr"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{"Error: " if has_errors else ""}{escape(title)} – stand-in for Microsoft Entra</title>
<style>{STYLE}</style></head>
<body><a class="skip" href="#main">Skip to the content</a>
<header>Stand-in for the Microsoft Entra admin center: not the real thing</header>
{body}</body></html>"""
    return Response(
        400 if has_errors else 200,
        body=html.encode(),
        headers={
            "Cache-Control": "no-store",
            "Content-Security-Policy": (
                f"default-src 'none'; style-src {source_hash(STYLE)}; form-action 'self'; "
                "base-uri 'none'; frame-ancestors 'none'"
            ),
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        },
    )
