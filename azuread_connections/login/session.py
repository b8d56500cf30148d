"""What a session remembers of its sign-ins, and whether they still hold.

A session may have been proven by several connections, for several applications, all of one user.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.db import router
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest
from django.utils import timezone

from ..conf import CACHE_PREFIX, conf
from ..entra.cloud import PERSONAL_TENANT_ID
from ..entra.id_token import IdTokenClaims
from ..models import Connection, Directory, EnabledConnection, Identity, Revocation
from .enabled import Pair

_KEY = "azuread_sign_ins"
#: More than an opaque hint of Microsoft's needs, and a signed cookie holds.
_MAX_HINT = 512
#: Sign-ins that a session remembers: browsers drop a signed cookie of more than 4,096 bytes.
_MAX_SIGN_INS = 16


@dataclass(frozen=True)
class SignIn:
    """One sign-in of a session: keys of rows, ``name`` of the connection, ``at`` (seconds since
    1970), and Microsoft's ``sid`` and ``login_hint`` where the app asks for these claims."""

    connection: int
    application: int
    identity: int
    name: str
    tenant: str
    at: float
    sid: str = ""
    hint: str = ""


def remember(request: HttpRequest, pair: Pair, identity: Identity, claims: IdTokenClaims) -> None:
    """Note that this session was proven by a connection for an application.

    Only the newest sign-in keeps its hint: signing out asks for no other.
    """
    new = SignIn(
        connection=pair.connection.pk,
        application=pair.application.pk,
        identity=identity.pk,
        name=pair.connection.name,
        tenant=claims.tenant_id,
        at=time.time(),
        # Compared with what the front-channel address is given, which is stored in small letters.
        sid=claims.session_id[:64].lower(),
        hint=claims.login_hint[:_MAX_HINT],
    )
    others = [
        replace(other, hint="")
        for other in sign_ins(request)
        if (other.connection, other.application) != (new.connection, new.application)
    ]
    _store(request, [*others, new][-_MAX_SIGN_INS:])


def sign_ins(request: HttpRequest) -> list[SignIn]:
    """Return the sign-ins of this session, newest last."""
    return [SignIn(**stored) for stored in request.session.get(_KEY, [])]


def newest(request: HttpRequest) -> SignIn | None:
    """Return the newest sign-in of this session."""
    known = sign_ins(request)
    return known[-1] if known else None


def drop_what_is_over(request: HttpRequest) -> bool:
    """Forget the sign-ins that no longer hold; return whether that leaves none of them.

    False, too, for a session that never had any, such as one begun with a password.
    """
    known = sign_ins(request)
    user = request.session.get(SESSION_KEY, "")
    holding = [sign_in for sign_in in known if _holds(sign_in, user)]
    if len(holding) < len(known):
        _store(request, holding)
    return bool(known) and not holding


def _store(request: HttpRequest, known: list[SignIn]) -> None:
    request.session[_KEY] = [dict(vars(sign_in)) for sign_in in known]


def _holds(sign_in: SignIn, user: Any) -> bool:
    """Ask the database at most every SESSION_CHECK_SECONDS, in one query."""
    seconds = conf.session_check_seconds
    key = f"{CACHE_PREFIX}:holds:{sign_in.identity}:{sign_in.application}:{sign_in.connection}"
    key += f":{sign_in.at}"
    if seconds and conf.cache.get(key):
        return True
    holds = _holds_by_database(sign_in, user)
    if holds and seconds:
        conf.cache.set(key, 1, seconds)
    return holds


def _holds_by_database(sign_in: SignIn, user: Any) -> bool:
    """The pair is enabled, the directory still welcome, the person still tied to this user, and
    nothing revoked since.

    As ``directories.admit``: a directory counts only where the common endpoint lets several come,
    and one that came in by itself is judged by today's policy and pins.
    """
    connection = OuterRef("connection")
    directories: Any = Directory._default_manager
    welcome = directories.welcome().filter(connection=connection, tenant_id=sign_in.tenant)
    revoked = Revocation._default_manager.filter(
        connection=connection,
        subject__in=Revocation.subjects(sign_in.identity, sign_in.tenant, sign_in.sid),
        since__gte=_moment(sign_in.at),
    )
    # Not of a replica, which may not have heard of a person who came a moment ago.
    pairs = EnabledConnection._default_manager.using(router.db_for_write(Identity))
    return pairs.filter(
        (
            Q(connection__use_common_endpoint=False, connection__tenant_id=sign_in.tenant)
            & ~Q(connection__tenant_id=PERSONAL_TENANT_ID)
        )
        | Q(Exists(welcome), connection__use_common_endpoint=True),
        Exists(Identity._default_manager.filter(pk=sign_in.identity, user=user)),
        ~Exists(revoked),
        application=sign_in.application,
        connection=sign_in.connection,
    ).exists()


def _moment(seconds: float) -> datetime:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment if timezone.is_aware(timezone.now()) else timezone.make_naive(moment)


def connection_of(sign_in: SignIn) -> Connection | None:
    return Connection._default_manager.filter(pk=sign_in.connection).first()
