"""Client authentication at the token endpoint: client ID, and a secret or an assertion."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import unquote_plus

from ..directory.apps import App
from ..directory.directories import Directory
from ..server.call import Call
from .assertions import check_assertion
from .errors import Refusal


def required(call: Call, parameter: str) -> str:
    """A field of the form; AADSTS900144 if it is missing."""
    value = call.request.form.get(parameter)
    if not value:
        raise Refusal(900144, parameter=parameter)
    return value


def credentials_sent(call: Call) -> tuple[str, str | None]:
    """Client ID and secret, from HTTP Basic (each part URL-encoded) or from the body."""
    scheme, _, encoded = call.request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return required(call, "client_id"), call.request.form.get("client_secret")
    try:
        pair = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise Refusal(9002313) from None
    client_id, _, secret = pair.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)


def find_app(call: Call, client_id: str, directory: Directory | None) -> App:
    app = call.state.registry.find_app(client_id)
    if app is None or (directory and not app.is_usable_in(directory)):
        tenant = directory.name if directory else call.request.tenant
        raise Refusal(700016, client_id=client_id, tenant=tenant)
    return app


def check_client(call: Call, app: App, secret: str | None) -> None:
    """Any valid credential of the app is accepted, but only one at a time."""
    assertion = call.request.form.get("client_assertion")
    if secret and assertion:
        raise Refusal(9002324)
    if assertion:
        check_assertion(call, app, assertion)
    else:
        _check_secret(app, secret, call.now)


def check_public_client(call: Call, app: App, secret: str | None) -> None:
    """A public client has no credential: one that is sent shows that the platform is wrong."""
    if secret or call.request.form.get("client_assertion"):
        raise Refusal(700025, client_id=app.client_id)


def _check_secret(app: App, secret: str | None, now: float) -> None:
    """Any unexpired secret of the app is accepted; an expired one has its own code."""
    if not secret:
        raise Refusal(7000218)
    same = [known for known in app.secrets if known.value == secret]
    matching = [known for known in same if known.propagation.is_over(now)]
    if not matching:
        raise Refusal(7000215, client_id=app.client_id)
    if all(known.is_expired(now) for known in matching):
        raise Refusal(7000222, client_id=app.client_id)
