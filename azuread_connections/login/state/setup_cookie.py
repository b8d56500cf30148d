"""The cookie of a browser that opened a set-up link. One for each link: two links that are open in
one browser never get mixed up."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from ...models import SetupSession
from ..lookup.addresses import is_secure
from .withheld import SETUP_COOKIE_MARK, setup_cookie


def find_session(request: HttpRequest, reference: str) -> SetupSession | None:
    """Return the session of this browser for the link with this reference, if it is still valid.

    One query. With ``link`` and ``link.connection``.
    """
    value = setup_cookie(request, _name(request, reference))
    if not value:
        return None
    key_hash = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
    found = (
        SetupSession._default_manager.select_related("link", "link__connection")
        .filter(key_hash=key_hash, link__reference=reference, expires_at__gt=timezone.now())
        .first()
    )
    return found if found is not None and found.link.is_usable else None


def set_cookie(
    request: HttpRequest, response: HttpResponseBase, session: SetupSession, value: str
) -> None:
    """Give the browser the cookie of its session; ``value``: of which the session has the hash."""
    response.set_cookie(
        _name(request, session.link.reference),
        value,
        max_age=int((session.expires_at - timezone.now()).total_seconds()),
        secure=is_secure(request),
        httponly=True,
        # Not Strict: the return from Microsoft is a navigation from another site.
        samesite="Lax",
    )


def _name(request: HttpRequest, reference: str) -> str:
    # RFC 6265bis section 4.1.3.2: no subdomain can set a cookie with this prefix.
    return f"{'__Host-' if is_secure(request) else ''}{SETUP_COOKIE_MARK}{reference}"
