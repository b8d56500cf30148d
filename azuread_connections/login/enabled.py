"""Which connections an application lets people sign in with, and which application is meant."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from ..conf import conf
from ..models import Application, ApplicationHost, Connection, Directory, EnabledConnection
from ..models.validators import NAME_MAX_LENGTH
from . import addresses


@dataclass(frozen=True)
class Pair:
    """An application and a connection enabled for it, with what a sign-in needs to know of them.

    ``is_own_host``: the request came to a host of the application, beside PUBLIC_URL's.
    ``known_scopes``: what the connection's own directory has granted so far.
    """

    application: Application
    connection: Connection
    is_own_host: bool
    known_scopes: str

    @classmethod
    def of(cls, row: Any) -> Pair:
        is_own_host = getattr(row, "is_own_host", False)
        return cls(row.application, row.connection, is_own_host, row.known_scopes or "")


def chosen_application(request: HttpRequest, by_view: str = "") -> str:
    """Return the slug that the view or the request's parameter names, or ""."""
    return by_view or request.GET.get("application", "").replace("\x00", "")


def slug_unless_default(application: Application) -> str:
    """Return the parameter that names an application in an address: none for the default one."""
    return "" if application.slug == conf.default_application else application.slug


def find_application(request: HttpRequest, by_view: str = "") -> Application | None:
    """Return the application that a request is about, in one query."""
    found = Application._default_manager.filter(slug=_slug(request, by_view))
    return found.order_by().first()


def asked_name(text: str) -> str:
    """Return a connection's name, which may be anything that anybody has sent, to look it up.

    Without NUL, which PostgreSQL refuses. Cut where it is too long to be any connection's.
    """
    return text.replace("\x00", "")[: NAME_MAX_LENGTH + 1]


def find_enabled(request: HttpRequest, name: str, by_view: str = "") -> Pair | None:
    """Return the enabled pair of the request's application and this connection, in one query."""
    name = asked_name(name)
    return _first(
        _pairs(request).filter(
            application__slug=_slug(request, by_view), connection__name_key=name.lower()
        )
    )


def still_enabled(request: HttpRequest, application_id: int, connection_id: int) -> Pair | None:
    """Return the pair that a transaction began with, unless it is gone. One query."""
    return _first(_pairs(request).filter(application=application_id, connection=connection_id))


def shown_as_buttons(application: Application) -> list[Connection]:
    """Return the connections to show as buttons, by the words on them. One query, or none."""
    if application.why_no_sign_in:
        return []
    shown = Connection._default_manager.filter(
        # "in": Django writes a plain True without a comparison, which no index of SQLite's or
        # MariaDB's answers.
        enabledconnection__application=application,
        show_as_button__in=[True],
    )
    return list(shown.order_by("display_name", "name_key"))


def by_alias(request: HttpRequest, application: Application, domains: list[str]) -> list[Any]:
    """Return the rows of pairs whose connection has one of these domains, as ``alias``."""
    if application.why_no_sign_in:
        domains = []
    found = _pairs(request).filter(application=application, connection__aliases__domain__in=domains)
    return list(found.annotate(alias=F("connection__aliases__domain")))


def _slug(request: HttpRequest, by_view: str) -> Any:
    """Return which application a request is about, for use in a query.

    In this order: what the view says, the parameter, the host, the setting. The host is looked up
    by the query that this is used in.
    """
    if chosen := chosen_application(request, by_view):
        return chosen
    of_host = ApplicationHost._default_manager.filter(host=_host(request)).order_by()
    slug_of_host = Subquery(of_host.values("application__slug")[:1])
    return Coalesce(slug_of_host, Value(conf.default_application))


def _pairs(request: HttpRequest) -> QuerySet[Any]:
    pairs: QuerySet[Any] = _every_pair()
    if not addresses.is_main_host(request):
        hosts = ApplicationHost._default_manager.filter(
            application=OuterRef("application"), host=_host(request)
        )
        pairs = pairs.annotate(is_own_host=Exists(hosts))
    return pairs


@cache
def _every_pair() -> QuerySet[Any]:
    """Return the pairs unasked. Made once: to build this took longer than to ask the database."""
    own_directory = Directory._default_manager.filter(
        connection=OuterRef("connection"), tenant_id=OuterRef("connection__tenant_id")
    ).order_by()
    return (
        EnabledConnection._default_manager.select_related("application", "connection")
        .annotate(known_scopes=Subquery(own_directory.values("delegated_scopes")[:1]))
        # Without an order: there is one row at most, and sorting it would cost the index.
        .order_by()
    )


def _first(rows: QuerySet[Any]) -> Pair | None:
    row = rows.first()
    return Pair.of(row) if row is not None and not row.application.why_no_sign_in else None


def _host(request: HttpRequest) -> str:
    return request.get_host().lower()
