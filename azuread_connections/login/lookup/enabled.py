"""Finds the application of a request, and the connections that are enabled for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import router
from django.db.models import Exists, Expression, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from ...conf import conf
from ...models import (
    Application,
    ApplicationHost,
    Connection,
    Credential,
    Directory,
    DomainAlias,
    EnabledConnection,
)
from ...models.alias import leads
from ...models.prepared import Parameter, Select
from ...models.validators import NAME_MAX_LENGTH
from . import addresses


@dataclass(frozen=True)
class OwnDomain:
    """What is read with a connection about its own domain.

    ``checked_at``: when it was last verified; None if it is not trusted. ``has_aliases``: whether
    the connection has other domains.
    """

    checked_at: datetime | None
    has_aliases: bool


@dataclass(frozen=True)
class SignInTarget:
    """An application and a connection enabled for it, with what a sign-in needs to know of them.

    ``is_own_host``: the request came to a host of the application, not to PUBLIC_URL. Only a
    callback reads ``known_scopes`` (granted so far by the connection's own directory),
    ``credentials`` and ``own_domain``.
    """

    application: Application
    connection: Connection
    is_own_host: bool
    known_scopes: str = ""
    credentials: tuple[Credential, ...] = ()
    own_domain: OwnDomain | None = None


def chosen_application(request: HttpRequest, view_application: str = "") -> str:
    """Return the slug that the view or the request's parameter sets, or ""."""
    return view_application or request.GET.get("application", "").replace("\x00", "")


def slug_unless_default(application: Application) -> str:
    """Return the slug of an application for an address; "" for the default one."""
    return "" if application.slug == conf.default_application else application.slug


def find_application(request: HttpRequest, view_application: str = "") -> Application | None:
    """Return the application of a request, in one query."""
    using = router.db_for_write(Application)
    for row in _APPLICATION.rows(using, **_application_params(request, view_application)):
        application: Application = row.application
        return application
    return None


def lookup_name(text: str) -> str:
    """Return text that was sent as a connection's name in a form that can be looked up.

    Removes NUL, which PostgreSQL refuses, and cuts a text that is too long for any name.
    """
    return text.replace("\x00", "")[: NAME_MAX_LENGTH + 1]


def find_enabled(
    request: HttpRequest, name: str, view_application: str = ""
) -> SignInTarget | None:
    """Return the enabled pair of the request's application and this connection, in one query."""
    rows = _BY_NAME[addresses.is_main_host(request)].rows(
        router.db_for_write(EnabledConnection),
        name=lookup_name(name).lower(),
        **_application_params(request, view_application),
    )
    for row in rows:
        if row.connection.is_complete and not row.application.why_no_sign_in:
            return SignInTarget(row.application, row.connection, row.is_own_host)
    return None


def still_enabled(
    request: HttpRequest, application_id: int, connection_id: int
) -> SignInTarget | None:
    """Return the pair of a transaction, or None if it is no longer enabled. One query."""
    found = _BY_KEYS[addresses.is_main_host(request)].rows(
        router.db_for_write(EnabledConnection),
        application=application_id,
        connection=connection_id,
        host=_host(request),
    )
    # One row for each client secret, or one row if there is none.
    rows = list(found)
    if not rows or rows[0].application.why_no_sign_in or not rows[0].connection.is_complete:
        return None
    row = rows[0]
    return SignInTarget(
        row.application,
        row.connection,
        row.is_own_host,
        row.known_scopes or "",
        credentials=tuple(each.credential for each in rows if each.credential is not None),
        own_domain=OwnDomain(row.domain_checked_at, bool(row.has_aliases)),
    )


@dataclass(frozen=True)
class Shown:
    """The connections to show as buttons. ``too_many``: none, as there are over MAX_BUTTONS."""

    connections: list[Connection]
    too_many: bool = False


def shown_as_buttons(application: Application | None) -> Shown:
    """Return the connections to show as buttons, ordered by label. One query, or none.

    If there are more than MAX_BUTTONS, people find theirs by email address. The query reads at most
    one more than that.
    """
    if application is None or application.why_no_sign_in:
        return Shown([])
    shown = Connection._default_manager.filter(
        # "in": Django writes a plain True without a comparison, for which SQLite and MariaDB use no
        # index.
        enabledconnection__application=application,
        show_as_button__in=[True],
    ).exclude(client_id="")
    found = list(shown.order_by("display_name", "name_key")[: conf.max_buttons + 1])
    return Shown([], too_many=True) if len(found) > conf.max_buttons else Shown(found)


def by_alias(
    request: HttpRequest, application: Application, domains: list[str]
) -> list[tuple[str, SignInTarget]]:
    """Return the pairs whose connection has one of these domains, each with that domain."""
    if application.why_no_sign_in:
        domains = []
    rows = _enabled_rows(None if addresses.is_main_host(request) else Value(_host(request)))
    # In one call, so that all conditions apply to the same alias.
    rows = rows.select_related("connection").filter(
        Q(connection__aliases__is_primary=False) | Q(connection__discover_domain=True),
        leads("connection__aliases__"),
        application=application,
        connection__aliases__domain__in=domains,
    )
    return [
        (row.alias, SignInTarget(application, row.connection, row.is_own_host))
        for row in rows.annotate(alias=F("connection__aliases__domain"))
        if row.connection.is_complete
    ]


def _application_params(request: HttpRequest, view_application: str) -> dict[str, str | None]:
    """Return the parameters of ``_slug`` for a request."""
    return {
        "chosen": chosen_application(request, view_application) or None,
        "host": _host(request),
        "default": conf.default_application,
    }


def _slug() -> Coalesce:
    """The slug of a request's application, as an expression of a query.

    In this order: of the view or the request's parameter, of the host, of the setting.
    """
    of_host = ApplicationHost._default_manager.filter(host=Parameter("host")).order_by()
    return Coalesce(
        Parameter("chosen"),
        Subquery(of_host.values("application__slug")[:1]),
        Parameter("default"),
    )


def _enabled_rows(host: Expression | None) -> QuerySet[Any]:
    """Return a queryset of the pairs. ``host``: the request's, or None if it is PUBLIC_URL's."""
    is_own_host: Any = Value(False)
    if host is not None:
        is_own_host = Exists(
            ApplicationHost._default_manager.filter(application=OuterRef("application"), host=host)
        )
    # Without an order: there is one row at most, and sorting would prevent the use of an index.
    targets: QuerySet[Any] = EnabledConnection._default_manager.annotate(is_own_host=is_own_host)
    return targets.order_by()


def _by_name(host: Expression | None) -> Any:
    return _enabled_rows(host).filter(
        application__slug=_slug(), connection__name_key=Parameter("name")
    )


def _by_keys(host: Expression | None) -> Any:
    own_directory = Directory._default_manager.filter(
        connection=OuterRef("connection"), tenant_id=OuterRef("connection__tenant_id")
    ).order_by()
    aliases = DomainAlias._default_manager.filter(connection=OuterRef("connection")).order_by()
    own_domain = aliases.filter(is_primary=True, domain=OuterRef("connection__domain")).trusted()
    return (
        _enabled_rows(host)
        .filter(application=Parameter("application"), connection=Parameter("connection"))
        .annotate(
            known_scopes=Subquery(own_directory.values("delegated_scopes")[:1]),
            domain_checked_at=Subquery(own_domain.values("checked_at")[:1]),
            has_aliases=Exists(aliases.filter(is_primary=False)),
        )
    )


def _host(request: HttpRequest) -> str:
    return request.get_host().lower()


_APPLICATION = Select(
    lambda: Application._default_manager.filter(slug=_slug()).order_by(),
    models={"application": ""},
)
#: Whether a request came to PUBLIC_URL's host, and the query's parameter for its host otherwise.
_HOSTS = ((True, None), (False, Parameter("host")))
_BY_NAME = {
    is_main: Select(
        partial(_by_name, host),
        models={"application": "application", "connection": "connection"},
        columns=("is_own_host",),
    )
    for is_main, host in _HOSTS
}
_BY_KEYS = {
    is_main: Select(
        partial(_by_keys, host),
        models={
            "application": "application",
            "connection": "connection",
            "credential": "connection__credentials",
        },
        columns=("is_own_host", "known_scopes", "domain_checked_at", "has_aliases"),
    )
    for is_main, host in _HOSTS
}
