"""The page `/_standin/dns`, where DNS records are entered by hand or by a program."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from ..server import pages
from ..server.call import Call
from ..server.control import refuse_strangers
from ..server.wire import Response, json_response, text_response
from .zone import Zone

#: A name and a value longer than this are no records.
_MOST_LETTERS = 4096


def dns_page(call: Call) -> Response:
    """Show the records (GET), or change them (POST).

    A form has `action` "add" or "remove", `name` and `value`. JSON is
    `{"name": "…", "values": ["…"]}`, which replaces the name's TXT records, `{"fail": "servfail"}`
    (with a `name` or without) or `{"fail": null}`; the response lists all records.
    """
    if refused := refuse_strangers(call):
        return refused
    zone = call.state.dns
    if call.request.method == "GET":
        if "json" in call.request.headers.get("Accept", ""):
            return json_response(_listed(zone))
        return _page(zone)
    # A form of another site cannot send this type without asking first, and cannot be read as one.
    if "json" in call.request.headers.get("Content-Type", ""):
        return _by_program(call, zone)
    return _by_form(call, zone)


def _by_program(call: Call, zone: Zone) -> Response:
    try:
        change = json.loads(call.request.body)
        name, values = str(change.get("name", "")), change.get("values")
        if "fail" in change:
            zone.recover()
        if change.get("fail"):
            zone.fail(change["fail"], name)
        if values is not None:
            _require_name(name)
            zone.set_txt(name, *(str(value) for value in values))
    except (ValueError, AttributeError, TypeError) as error:
        return text_response(f"Send an object with name and values: {error}", status=400)
    return json_response(_listed(zone))


def _by_form(call: Call, zone: Zone) -> Response:
    form = call.request.form
    name, value = form.get("name", ""), form.get("value", "")
    try:
        _require_name(name)
        if form.get("action") == "remove":
            zone.set_txt(name)
        elif form.get("action") == "add" and value:
            zone.add_txt(name, value[:_MOST_LETTERS])
        else:
            return _page(zone, "Enter a value, too.", name=name)
    except ValueError as error:
        return _page(zone, str(error), name=name, value=value)
    return Response(303, headers={"Location": "/_standin/dns"})


def _require_name(name: str) -> None:
    # Names are shown and compared; DNS itself allows more.
    if not name.strip(". ") or not name.isascii() or len(name) > 253 or " " in name.strip():
        raise ValueError("Enter a name such as _azuread-connections.contoso.com.")


def _listed(zone: Zone) -> dict[str, Any]:
    return {"address": zone.address, "records": {name: zone.texts(name) for name in zone.names()}}


def _page(zone: Zone, error: str = "", *, name: str = "", value: str = "") -> Response:
    rows = "".join(
        f"""
<li class="row"><code>{escape(each)}</code><br>
{"<br>".join(f"<code>{escape(text)}</code>" for text in zone.texts(each)) or "(CNAME)"}
<form class="inline" method="post" action="/_standin/dns"><input type="hidden" name="action"
value="remove"><input type="hidden" name="name" value="{escape(each)}">
<button aria-label="Remove {escape(each)}">Remove</button></form></li>"""
        for each in zone.names()
    )
    problem = f'<p role="alert"><strong>{escape(error)}</strong></p>' if error else ""
    return pages.page(
        "DNS records",
        f"""
<h1>DNS records</h1>
<p>The TXT records that the stand-in’s DNS server has, at <code>{escape(zone.address)}</code> (UDP).
It stands for the DNS servers of all domains. <a href="/_standin/">Back</a></p>{problem}
<ul data-standin-records>{rows or "<li>There are none.</li>"}</ul>
<h2>Add a TXT record</h2>
<form class="search" method="post" action="/_standin/dns">
<input type="hidden" name="action" value="add">
<label>Name <input name="name" value="{escape(name)}" required autocomplete="off"
spellcheck="false"></label>
<label>Value <input name="value" value="{escape(value)}" required autocomplete="off"
spellcheck="false"></label>
<button>Add</button></form>""",
        wide=True,
    )
