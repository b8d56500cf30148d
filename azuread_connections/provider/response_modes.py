"""How an authorization request is answered: to which address, and by which response mode."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError

from ..models.destinations import WEB_SCHEMES, scheme_of
from ..models.validators import is_plain
from .models import WebOrigin
from .models.origins import clean_origin

QUERY = "query"
#: OAuth 2.0 Form Post Response Mode 1.0.
FORM_POST = "form_post"
#: draft-sakimura-oauth-wmrm, as Auth0's scripts use it: in a hidden frame, or in a popup.
WEB_MESSAGE = "web_message"
RESPONSE_MODES = (QUERY, FORM_POST, WEB_MESSAGE)


@dataclass(frozen=True)
class Recipient:
    """Where an answer goes. ``mode``: the one that is used; ``is_as_asked``: the request asked for
    it. ``origin``: the only one that gets a web message."""

    redirect_uri: str
    mode: str = QUERY
    is_as_asked: bool = True
    origin: str = ""


def find_recipient(client_id: str, redirect_uri: str, asked_mode: str) -> Recipient:
    """Return where a client's request is answered, whose redirect URI is known to be its own.

    By a redirect if the mode is none of ours, or not possible for this address. One query for a web
    message, otherwise none.
    """
    if asked_mode == FORM_POST and scheme_of(redirect_uri) in WEB_SCHEMES:
        return Recipient(redirect_uri, FORM_POST)
    if asked_mode == WEB_MESSAGE and (origin := _message_origin(client_id, redirect_uri)):
        return Recipient(redirect_uri, WEB_MESSAGE, origin=origin)
    return Recipient(redirect_uri, is_as_asked=asked_mode in {"", QUERY})


def origin_of(url: str) -> str:
    """Return the origin of an address, as browsers write it; "" if it has none that can be a web
    origin."""
    try:
        parts = urlsplit(url)
        return clean_origin(f"{parts.scheme}://{parts.netloc}")
    except (ValueError, ValidationError):
        return ""


def _message_origin(client_id: str, redirect_uri: str) -> str:
    """Return the redirect URI's origin if it is one of the client's web origins, else ""."""
    origin = origin_of(redirect_uri)
    if not origin or not is_plain(client_id):
        return ""
    own = WebOrigin.objects.filter(
        origin=origin, client__oauth_application__client_id=client_id
    ).exists()
    return origin if own else ""
