"""What the database knows of an access token's caller: one compiled statement finds them.

Admission can add some: see docs/rest-framework.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any, cast

from django.db import connections, router
from django.db.models import (
    CharField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Cast, Concat

from ..entra.access_token import UnverifiedAccessToken
from ..entra.cloud import CLOUDS, clouds_sharing_login
from ..entra.signed_token import LEEWAY
from ..login.state.session import as_moment, by_common_endpoint, by_own_directory
from ..models import Connection, EnabledConnection, GroupMapping, Identity, Revocation
from ..models.prepared import Parameter, Select
from ..models.validators import is_guid


@dataclass(frozen=True)
class Question:
    """What is asked about a token. ``name``: of the only connection that counts, "" for any.
    ``is_guest``: only connections count that let guests in."""

    client_id: str
    application: str
    name: str
    is_guest: bool


@dataclass(frozen=True)
class Admission:
    """A connection that takes this caller. ``cloud``: as identities name it. ``is_own``: by its
    own directory, and not by the common endpoint."""

    connection: int
    cloud: str
    is_own: bool


@dataclass(frozen=True)
class Person:
    """The identity that a token may be of, with its user. ``admission``: None if no connection
    takes the person. ``is_revoked``: their sign-ins were ended since the token was issued.
    ``is_restricted``: a connection of this registration lets in only people with certain app
    roles or groups."""

    identity: Identity
    admission: Admission | None
    is_revoked: bool
    is_restricted: bool


def find_person(token: UnverifiedAccessToken, question: Question) -> Iterator[Person]:
    """Yield the persons that the token may be of. One statement.

    One directory is in one cloud, so there is at most one in practice: the issuer decides.
    """
    select = _PERSONS[bool(question.name), question.is_guest]
    for row in select.rows(alias(), oid=token.object_id, **_values(token, question)):
        identity = cast(Identity, row.identity)
        identity.user = row.user
        admission = None
        if key := row.own or row.common:
            admission = Admission(key, identity.cloud, is_own=row.own is not None)
        yield Person(identity, admission, bool(row.is_revoked), bool(row.is_restricted))


def find_application(token: UnverifiedAccessToken, question: Question) -> Iterator[Admission]:
    """Yield the connections that take a directory's applications, the strictest first. One
    statement."""
    select = _APPLICATIONS[bool(question.name)]
    for row in select.rows(alias(), **_values(token, question)):
        connection = row.connection
        is_own = not connection.use_common_endpoint
        yield Admission(connection.pk, connection.identity_cloud, is_own)


def _values(token: UnverifiedAccessToken, question: Question) -> dict[str, str | int | None]:
    # A clock of Microsoft's that is ahead of ours does not carry a token over a revocation.
    issued_at = as_moment(max(token.issued_at - LEEWAY, 0))
    since: Any = connections[alias()].ops.adapt_datetimefield_value(issued_at)
    values: dict[str, str | int | None] = {
        "client_id": question.client_id,
        "application": question.application,
        "tenant": token.tenant_id,
        "since": since,
        "everybody": "*",
        "of_directory": f"directory:{token.tenant_id}",
        "of_session": f"sid:{token.session_id}" if is_guid(token.session_id) else "*",
    }
    return {**values, "name": question.name} if question.name else values


def alias() -> str:
    # Not a replica, which may not have heard of a revocation.
    return router.db_for_write(Identity)


def _enabled(*, is_named: bool) -> QuerySet[EnabledConnection]:
    rows = EnabledConnection._default_manager.filter(
        application__slug=Parameter("application"), connection__client_id=Parameter("client_id")
    )
    return rows.filter(connection__name_key=Parameter("name")) if is_named else rows


def _revoked(*subjects: Any) -> Exists:
    """Return the condition that a connection of this registration has revoked since.

    Of any: a token does not say by which of several the person signs in here.
    """
    takes_directory = Q(connection__use_common_endpoint=True) | Q(
        connection__tenant_id=Parameter("tenant")
    )
    parameters = [Parameter(name) for name in ("everybody", "of_directory", "of_session")]
    return Exists(
        Revocation._default_manager.filter(
            takes_directory,
            connection__client_id=Parameter("client_id"),
            subject__in=[*parameters, *subjects],
            since__gte=Parameter("since"),
        )
    )


def _admitting_mappings() -> Exists:
    """Return the condition that a connection of this registration lets in only some people."""
    return Exists(
        GroupMapping._default_manager.filter(
            connection__client_id=Parameter("client_id"), admits=True
        )
    )


def _in_cloud_of_identity(rows: QuerySet[EnabledConnection]) -> QuerySet[EnabledConnection]:
    cloud = ExpressionWrapper(OuterRef("cloud"), CharField())
    rows = rows.annotate(identity_cloud=cloud)
    same = Q(connection__cloud=F("identity_cloud"))
    for clouds in {clouds_sharing_login(name) for name in CLOUDS}:
        if len(clouds) > 1:
            same |= Q(connection__cloud__in=clouds, identity_cloud=clouds[0])
    return rows.filter(same)


def _persons(is_named: bool, only_with_guests: bool) -> QuerySet[Identity]:
    rows = _in_cloud_of_identity(_enabled(is_named=is_named))
    if only_with_guests:
        rows = rows.filter(connection__allow_guests=True)
    of_identity = Concat(Value("identity:"), Cast(OuterRef("pk"), CharField(max_length=20)))
    keys = rows.order_by("connection").values("connection")
    return (
        Identity._default_manager.filter(
            cloud__in=[cloud.value for cloud in Identity.Cloud],
            tenant_id=Parameter("tenant"),
            object_id=Parameter("oid"),
        )
        .annotate(
            is_revoked=_revoked(of_identity),
            is_restricted=_admitting_mappings(),
            own=Subquery(keys.filter(by_own_directory())[:1]),
            common=Subquery(keys.filter(by_common_endpoint())[:1]),
        )
        .order_by()
    )


def _applications(is_named: bool) -> QuerySet[EnabledConnection]:
    return (
        _enabled(is_named=is_named)
        .filter(by_own_directory() | by_common_endpoint(), ~_revoked())
        .order_by("connection__use_common_endpoint", "connection")
    )


_PERSONS = {
    (is_named, guests): Select(
        partial(_persons, is_named, guests),
        models={"identity": "", "user": "user"},
        columns=("is_revoked", "is_restricted", "own", "common"),
    )
    for is_named, guests in product((True, False), repeat=2)
}
_APPLICATIONS = {
    is_named: Select(partial(_applications, is_named), models={"connection": "connection"})
    for is_named in (True, False)
}


def connections_of(client_id: str) -> list[Connection]:
    """Return the connections of a registration, for the reason of a refusal."""
    rows = Connection._default_manager.using(alias()).filter(client_id=client_id)
    # However many share it: their clouds and directories decide, and the log names one.
    return list(rows.order_by("use_common_endpoint", "pk")[:1000])
