"""Signing out: the browser's session ends and its apps are notified."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from urllib.parse import urlencode

from ..browser.accounts import COOKIE, browser_session
from ..directory.apps import App
from ..directory.directories import Directory
from ..server.call import Call
from ..server.wire import Response
from . import consent_pages
from .ask import refusal_page
from .errors import Refusal


def logout(call: Call) -> Response:
    """End the browser's sign-in; redirect only to an address that an app is registered with."""
    try:
        directory = call.directory()
    except Refusal as refusal:
        return refusal_page(call, refusal)
    apps, frames = _end_session(call)
    onward = _onward(call, directory, apps)
    if onward and not frames:
        response = Response(302, headers={"Location": onward, "Cache-Control": "no-store"})
    else:
        response = consent_pages.signed_out_page(frames=frames, onward=onward, directory=directory)
    response.headers["Set-Cookie"] = f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
    return response


def _end_session(call: Call) -> tuple[list[App], list[str]]:
    """The apps that the browser was signed in to, and their front-channel addresses."""
    session = browser_session(call)
    if session is None:
        return [], []
    with call.state.lock:
        call.state.sessions.pop(session.cookie, None)
    # Microsoft sends no `iss`, although OpenID's specification pairs the two.
    query = urlencode({"sid": session.session_id})
    addresses = [app.frontchannel_logout_url for app in session.apps]
    frames = [f"{url}{'&' if '?' in url else '?'}{query}" for url in addresses if url]
    return session.apps, frames


def _onward(call: Call, directory: Directory | None, apps: list[App]) -> str | None:
    params = call.request.query | call.request.form
    address = params.get("post_logout_redirect_uri")
    named = _named_app(call, params)
    apps = [named] if named else apps or _apps_of(call, directory)
    if not address or not any(app.allows_redirect(address) for app in apps):
        return None
    if "state" not in params:
        return address
    separator = "&" if "?" in address else "?"
    return f"{address}{separator}{urlencode({'state': params['state']})}"


def _named_app(call: Call, params: dict[str, str]) -> App | None:
    """The requesting app: by its client ID, or by the audience of the ID token it sends."""
    client_id = params.get("client_id") or _audience(params.get("id_token_hint", ""))
    return call.state.registry.find_app(client_id) if client_id else None


def _audience(id_token: str) -> str:
    try:
        payload = id_token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims["aud"])
    except (IndexError, KeyError, TypeError, ValueError):
        return ""


def _apps_of(call: Call, directory: Directory | None) -> list[App]:
    """The apps that could be meant if the request names none and nobody is signed in."""
    known = [app for one in call.state.registry.directories for app in one.apps]
    return [app for app in known if directory is None or app.is_usable_in(directory)]
