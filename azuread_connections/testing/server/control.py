"""The control page at `/_standin/`, and the page behind `error_uri`."""

from __future__ import annotations

from collections import defaultdict
from urllib.parse import urlsplit

from ..oauth.aadsts import CATALOGUE
from . import pages, provisioning
from .call import Call
from .faults import Fault
from .wire import Response, is_loopback, text_response

FAILURES = {
    "7000222": Fault("token", aadsts=7000222),
    "7000215": Fault("token", aadsts=7000215),
    "503": Fault("token", status=503),
}

NOTICES = {
    "rotate": "A new key signs from now on; the old ones are still published.",
    "fail": "The next token request will fail.",
}


def control(call: Call) -> Response:
    """Show the page (GET), or run the action of one of its buttons (POST)."""
    if refused := refuse_strangers(call):
        return refused
    if call.request.method == "GET":
        if call.action == "provisioning":
            return provisioning.show(call)
        if call.action:
            return text_response("Not found", status=404)
        return pages.control_page(
            directories=list(call.state.registry.directories),
            url=call.url,
            now=call.now,
            notice=NOTICES.get(call.request.query.get("done", ""), ""),
        )
    return _press(call)


def refuse_strangers(call: Call) -> Response | None:
    """The response to a request by another name than loopback's, or to a form of another site."""
    if not is_loopback(f"//{call.request.headers.get('Host', '')}"):
        # Another name that resolves to loopback: DNS rebinding.
        return text_response("This page answers on loopback only.", status=403)
    origin = call.request.headers.get("Origin")
    if call.request.method == "POST" and origin is not None and not _same_origin(origin, call):
        return text_response("Another site cannot press these buttons.", status=403)
    return None


def error_lookup(call: Call) -> Response:
    code = call.request.query.get("code", "")
    entry = CATALOGUE.get(int(code)) if code.isascii() and code.isdigit() else None
    text = entry.text.format_map(defaultdict(lambda: "…")) if entry else "There is no such code."
    return pages.code_page(code, text)


def _press(call: Call) -> Response:
    if call.action == "provisioning":
        return provisioning.press(call)
    if call.action == "rotate":
        with call.state.lock:
            call.state.keys.rotate(keep_old=True)
    elif call.action == "fail" and call.request.form.get("code") in FAILURES:
        call.state.faults.add(FAILURES[call.request.form["code"]], 1)
    else:
        return text_response("Not found", status=404)
    return Response(303, headers={"Location": f"/_standin/?done={call.action}"})


def _same_origin(origin: str, call: Call) -> bool:
    """The page's own origin, by any of loopback's names: other ports are other sites."""
    return is_loopback(origin) and urlsplit(origin).port == urlsplit(call.url).port


def front(call: Call) -> Response:
    """Redirect the bare address to the control page."""
    return Response(302, headers={"Location": "/_standin/"})
