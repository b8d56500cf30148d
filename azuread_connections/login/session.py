"""What a session remembers of its sign-ins, newest last."""

from __future__ import annotations

import time
from typing import Any

from django.http import HttpRequest

from ..models import Connection, Identity

_KEY = "azuread_sign_ins"


def remember(request: HttpRequest, connection: Connection, identity: Identity) -> None:
    """Note that this session was proven by a connection."""
    known = request.session.get(_KEY, [])
    sign_in: dict[str, Any] = {
        "connection": connection.pk,
        "name": connection.name,
        "identity": identity.pk,
        "at": int(time.time()),
    }
    others = [other for other in known if other["connection"] != connection.pk]
    request.session[_KEY] = [*others, sign_in]


def newest(request: HttpRequest) -> dict[str, Any] | None:
    """Return the newest sign-in of this session: ``connection`` and ``identity`` (keys), ``name``
    (the connection's), ``at`` (seconds since 1970)."""
    sign_ins = request.session.get(_KEY, [])
    return sign_ins[-1] if sign_ins else None


def connections(request: HttpRequest) -> list[int]:
    """Return the keys of all connections that this session was proven by."""
    return [sign_in["connection"] for sign_in in request.session.get(_KEY, [])]
