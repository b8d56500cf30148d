"""The sign-ins that a session stores, and whether they are still valid.

A session can hold sign-ins by several connections, for several applications, all of one user.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.db import connections, router
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from ...conf import CACHE_PREFIX, conf
from ...entra.cloud import PERSONAL_TENANT_ID
from ...entra.id_token import IdTokenClaims
from ...models import Connection, Directory, EnabledConnection, Identity, Revocation
from ...models.prepared import Parameter, Select
from ...models.validators import is_guid, is_plain
from ..lookup.enabled import SignInTarget
from .step_up import StepUp

_KEY = "azuread_sign_ins"
#: Longer than a hint of Microsoft's, and short enough for a session in a signed cookie.
_MAX_HINT = 512
#: Sign-ins that a session stores: browsers drop a signed cookie of more than 4,096 bytes.
_MAX_SIGN_INS = 16
#: The largest key of a row, and the largest time that every platform can read: the year 3000.
_MAX_KEY = 2**63 - 1
_MAX_TIME = 32_503_680_000
_SECONDS_A_DAY = 86_400
#: More than ``entra.id_token`` lets through.
_MAX_METHODS = 16
#: Authentication contexts that a session keeps of one sign-in.
_MAX_CONTEXTS = 16
#: Between two step-ups of which the second keeps the contexts of the first.
_SECONDS_BETWEEN_STEPS = 600


@dataclass(frozen=True)
class SignIn:
    """One sign-in of a session: keys of rows, ``name`` of the connection, ``at`` (seconds since
    1970), and the claims ``sid`` and ``login_hint`` if the app registration asks for them.

    ``authenticated_at``, ``methods`` and ``contexts``: ``auth_time``, ``amr`` and ``acrs``, as
    Microsoft gave them.
    """

    connection: int
    application: int
    identity: int
    name: str
    tenant: str
    at: float
    sid: str = ""
    hint: str = ""
    authenticated_at: float = 0
    methods: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()

    def meets(self, step_up: StepUp) -> bool:
        """Return whether it proves what a view requires, at this moment."""
        return step_up.is_met(self.authenticated_at, self.contexts, time.time())


def remember(
    request: HttpRequest,
    target: SignInTarget,
    identity: Identity,
    claims: IdTokenClaims,
    *,
    acr: str = "",
) -> None:
    """Store in the session a sign-in by a connection for an application.

    Only the newest sign-in keeps its hint, because signing out uses no other. ``acr``: the
    authentication context that was asked for, which is kept first if Microsoft named many.
    """
    new = SignIn(
        connection=target.connection.pk,
        application=target.application.pk,
        identity=identity.pk,
        name=target.connection.name,
        tenant=claims.tenant_id,
        at=time.time(),
        # Compared with the ``sid`` of a front-channel sign-out, a GUID in lower case.
        sid=claims.session_id.lower() if is_guid(claims.session_id) else "",
        hint=claims.login_hint[:_MAX_HINT] if is_plain(claims.login_hint) else "",
        authenticated_at=claims.authenticated_at,
        methods=claims.methods,
        contexts=tuple(sorted(claims.contexts, key=lambda each: each != acr))[:_MAX_CONTEXTS],
    )
    known = sign_ins(request)
    for old in known:
        if _is_same_authentication(old, new):
            new = replace(new, contexts=_joined(new.contexts, old.contexts))
    others = [
        replace(other, hint="")
        for other in known
        if (other.connection, other.application) != (new.connection, new.application)
    ]
    _store(request, [*others, new][-_MAX_SIGN_INS:])


def _is_same_authentication(old: SignIn, new: SignIn) -> bool:
    """Return whether two sign-ins, a moment apart, rest on the same authentication at Microsoft, as
    far as the tokens say.

    A view can need two contexts, and Microsoft is asked for one at a time: if the second sign-in
    lost the first one's, the browser would be sent back and forth without end. Two tokens
    without `auth_time` count as the same authentication, for the same reason.
    """
    return (
        (old.connection, old.application, old.identity, old.tenant, old.sid)
        == (new.connection, new.application, new.identity, new.tenant, new.sid)
        and old.authenticated_at == new.authenticated_at
        and 0 <= new.at - old.at <= _SECONDS_BETWEEN_STEPS
    )


def _joined(new: tuple[str, ...], old: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*new, *old)))[:_MAX_CONTEXTS]


def sign_ins(request: HttpRequest) -> list[SignIn]:
    """Return the readable sign-ins of this session, newest last."""
    found = (_read(stored) for stored in _stored(request))
    return [sign_in for sign_in in found if sign_in is not None]


def is_proven(request: HttpRequest) -> bool:
    """Return whether this session has any sign-in by a connection, valid or not.

    False for a session that never had one, such as a password session.
    """
    return bool(_stored(request))


def newest(request: HttpRequest) -> SignIn | None:
    """Return the newest sign-in of this session."""
    known = sign_ins(request)
    return known[-1] if known else None


def prune_invalid_sign_ins(request: HttpRequest) -> bool:
    """Remove the sign-ins that are no longer valid; return whether that leaves none.

    False, too, for a session that never had any, such as a password session.
    """
    stored = _stored(request)
    user = request.session.get(SESSION_KEY, "")
    holding = [sign_in for sign_in in sign_ins(request) if _is_still_valid(sign_in, user)]
    if len(holding) < len(stored):
        _store(request, holding)
    return bool(stored) and not holding


def find_proof(request: HttpRequest, application: int, *, connection: str = "") -> SignIn | None:
    """Return the newest sign-in of this session that holds for an application (its key).

    It may have been for another one: what counts is that its connection is enabled there. One
    query, or none, where the newest sign-in for the application holds. ``connection``: the name of
    the one that counts, "" for any.
    """
    user = request.session.get(SESSION_KEY, "")
    newest_first = [
        sign_in
        for sign_in in reversed(sign_ins(request))
        if not connection or sign_in.name.lower() == connection.lower()
    ]
    for sign_in in sorted(newest_first, key=lambda each: each.application != application):
        proof = replace(sign_in, application=application)
        if _is_still_valid(proof, user):
            return proof
    return None


def is_still_valid(sign_in: SignIn, user: Any, *, recheck: bool = False) -> bool:
    """Return whether a sign-in of a user (the key) holds. ``recheck``: at this very moment, and
    not as of the last SESSION_CHECK_SECONDS. One query, or none."""
    if recheck:
        return not is_too_old(sign_in) and _query_validity(sign_in, user)
    return _is_still_valid(sign_in, user)


def _store(request: HttpRequest, known: list[SignIn]) -> None:
    request.session[_KEY] = [_as_stored(sign_in) for sign_in in known]


def _as_stored(sign_in: SignIn) -> dict[str, Any]:
    """Return a sign-in as JSON has it, and as every session engine gives it back. Without empty
    lists: a session can have to fit into a cookie."""
    stored = dict(vars(sign_in))
    lists = {name: list(stored.pop(name)) for name in ("methods", "contexts")}
    return {**stored, **{name: names for name, names in lists.items() if names}}


def _stored(request: HttpRequest) -> list[Any]:
    """Return the stored entries, one for each sign-in. A value that is not a list counts as one
    unreadable entry."""
    stored = request.session.get(_KEY, [])
    return stored if isinstance(stored, list) else [None]


def _read(stored: Any) -> SignIn | None:
    """Return a stored sign-in, or None if this version of the app cannot read it.

    Sessions outlive an upgrade, and a downgrade. An unreadable entry is not valid: its conditions
    cannot be checked. An entry with further keys may have conditions of a later version.
    """
    try:
        sign_in = SignIn(**stored)
    except TypeError:
        return None
    if not _is_list(sign_in.methods, _MAX_METHODS) or not _is_list(sign_in.contexts, _MAX_CONTEXTS):
        return None
    sign_in = replace(sign_in, methods=tuple(sign_in.methods), contexts=tuple(sign_in.contexts))
    keys = (sign_in.connection, sign_in.application, sign_in.identity)
    names = (*sign_in.methods, *sign_in.contexts)
    texts = (sign_in.name, sign_in.tenant, sign_in.sid, sign_in.hint, *names)
    # They are used in queries and addresses: databases refuse other types, larger keys and NUL.
    is_readable = (
        all(type(key) is int and 0 < key <= _MAX_KEY for key in keys)
        and all(isinstance(text, str) and is_plain(text) for text in texts)
        and type(sign_in.at) in {int, float}
        and 0 < sign_in.at < _MAX_TIME
        and type(sign_in.authenticated_at) in {int, float}
        and 0 <= sign_in.authenticated_at < _MAX_TIME
    )
    return sign_in if is_readable else None


def _is_list(stored: Any, most: int) -> bool:
    return isinstance(stored, list | tuple) and len(stored) <= most


def _is_still_valid(sign_in: SignIn, user: Any) -> bool:
    """Query the database at most every SESSION_CHECK_SECONDS, in one query.

    A sign-in older than MAX_SIGN_IN_DAYS is not valid, however long the session lasts:
    ``clear_events`` may have deleted the sign-out that ended it.
    """
    if is_too_old(sign_in):
        return False
    seconds = conf.session_check_seconds
    key = f"{CACHE_PREFIX}:holds:{sign_in.identity}:{sign_in.application}:{sign_in.connection}"
    key += f":{sign_in.at}"
    if seconds and conf.cache.get(key):
        return True
    holds = _query_validity(sign_in, user)
    if holds and seconds:
        conf.cache.set(key, 1, seconds)
    return holds


def is_too_old(sign_in: SignIn) -> bool:
    return time.time() - sign_in.at > conf.max_sign_in_days * _SECONDS_A_DAY


def _query_validity(sign_in: SignIn, user: Any) -> bool:
    """Whether the pair is enabled, the directory allowed, the identity tied to this user, and
    nothing revoked since.

    As in ``directories.admit``: the row of a directory decides only with the common endpoint, and
    one admitted by itself is also judged by today's policy and pins.
    """
    # Not from a replica, which may not have an identity that was just stored.
    using = router.db_for_write(Identity)
    connection = connections[using]
    subjects = Revocation.subjects(sign_in.identity, sign_in.tenant, sign_in.sid)
    everybody, directory, identity, *microsoft_session = subjects
    since: Any = connection.ops.adapt_datetimefield_value(as_moment(sign_in.at))
    rows = _VALID.rows(
        using,
        application=sign_in.application,
        connection=sign_in.connection,
        tenant=sign_in.tenant,
        identity=sign_in.identity,
        user=Identity._meta.get_field("user").get_db_prep_value(user, connection),
        everybody=everybody,
        of_directory=directory,
        of_identity=identity,
        of_microsoft_session=next(iter(microsoft_session), everybody),
        since=since,
    )
    return any(rows)


def _valid() -> QuerySet[EnabledConnection]:
    """Build the query of ``_query_validity``."""
    connection = OuterRef("connection")
    subjects = ("everybody", "of_directory", "of_identity", "of_microsoft_session")
    revoked = Revocation._default_manager.filter(
        connection=connection,
        subject__in=[Parameter(name) for name in subjects],
        since__gte=Parameter("since"),
    )
    return EnabledConnection._default_manager.filter(
        by_own_directory() | by_common_endpoint(),
        Exists(Identity._default_manager.filter(pk=Parameter("identity"), user=Parameter("user"))),
        ~Exists(revoked),
        application=Parameter("application"),
        connection=Parameter("connection"),
    ).order_by()


def by_own_directory() -> Q:
    """Return the condition, in a query of ``EnabledConnection`` with the parameter ``tenant``, that
    a single-directory connection takes people of this directory."""
    return Q(connection__use_common_endpoint=False, connection__tenant_id=Parameter("tenant")) & ~Q(
        connection__tenant_id=PERSONAL_TENANT_ID
    )


def by_common_endpoint() -> Q:
    """Return the same condition for connections on the common endpoint."""
    directories: Any = Directory._default_manager
    welcome = directories.welcome().filter(
        connection=OuterRef("connection"), tenant_id=Parameter("tenant")
    )
    return Q(Exists(welcome), connection__use_common_endpoint=True)


_VALID = Select(_valid, models={"enabled": ""})


def is_revoked(sign_in: SignIn) -> bool:
    """Return whether a sign-in was ended by a sign-out or an administrator. One query."""
    return _revocations(sign_in).filter(connection=sign_in.connection).exists()


def _revocations(sign_in: SignIn) -> QuerySet[Revocation]:
    return Revocation._default_manager.filter(
        subject__in=Revocation.subjects(sign_in.identity, sign_in.tenant, sign_in.sid),
        since__gte=as_moment(sign_in.at),
    )


def as_moment(seconds: float) -> datetime:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment if timezone.is_aware(timezone.now()) else timezone.make_naive(moment)


def connection_of(sign_in: SignIn) -> Connection | None:
    return Connection._default_manager.filter(pk=sign_in.connection).first()
