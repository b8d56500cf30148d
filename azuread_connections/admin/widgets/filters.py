"""Filters of the list pages. They stay fast at any number of rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ...conf import conf
from ...credentials.report import SecretStatus, end_of_day
from ...login.log.failures import FAILURES
from ...models import Application, ClientSecret, Connection
from ...models.secret import not_expired
from ..rights import visible_connections
from .links import as_key

#: The longest list of choices; the search field finds the others.
MOST_CHOICES = 50


def with_secret_status(
    connections: QuerySet[Connection], status: SecretStatus, now: datetime | None = None
) -> QuerySet[Connection]:
    """Keep the connections of one state: ``connection_secret_state`` as a database query."""
    now = now or timezone.now()
    any_secret = _has_secret(Q())
    accepted = Q(refused_at=None)
    usable = _has_secret(accepted & Q(expires_at__gt=now))
    lasting = _has_secret(accepted & Q(expires_at__gte=end_of_day(now, conf.secret_warning_days)))
    undated = _has_secret(accepted & Q(expires_at=None))
    refused = _has_secret(~accepted & not_expired(now))
    conditions = {
        SecretStatus.VALID: Q(lasting),
        SecretStatus.EXPIRING: Q(usable) & ~Q(lasting),
        SecretStatus.UNKNOWN: Q(undated) & ~Q(usable),
        SecretStatus.REFUSED: Q(refused) & ~Q(undated) & ~Q(usable),
        SecretStatus.EXPIRED: Q(any_secret) & ~Q(refused) & ~Q(undated) & ~Q(usable),
        SecretStatus.MISSING: ~Q(any_secret),
    }
    return connections.filter(conditions[status])


def _has_secret(condition: Q) -> Exists:
    secrets = ClientSecret._default_manager.filter(condition, connection=OuterRef("pk"))
    return Exists(secrets)


class ApplicationFilter(admin.RelatedFieldListFilter):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = gettext("application")
        self.empty_value_display = escape(gettext("none"))


class SecretStatusFilter(admin.SimpleListFilter):
    title = _("client secret")
    parameter_name = "secret"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            (SecretStatus.EXPIRED.value, _("Expired")),
            (SecretStatus.REFUSED.value, _("Refused")),
            (SecretStatus.EXPIRING.value, _("Expiring soon")),
            (SecretStatus.UNKNOWN.value, _("No expiry date")),
            (SecretStatus.MISSING.value, _("No secret")),
            (SecretStatus.VALID.value, _("Valid")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value not in SecretStatus.values:
            return queryset
        return with_secret_status(queryset, SecretStatus(value))


class ConnectionFilter(admin.SimpleListFilter):
    """Filters by connection, without listing thousands of them or scanning the log."""

    title = _("connection")
    parameter_name = "connection"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        connections = visible_connections(model_admin.admin_site, request).order_by("name_key")
        return [
            (str(pk), name) for pk, name in connections.values_list("pk", "name")[:MOST_CHOICES]
        ]

    def has_output(self) -> bool:
        # Without this, Django ignores a link's connection if there is none to choose from.
        return super().has_output() or self.value() is not None

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return queryset
        key = as_key(value)
        return queryset.filter(connection=key) if key else queryset.none()


class EventApplicationFilter(admin.SimpleListFilter):
    """Filters by application, in the same way."""

    title = _("application")
    parameter_name = "application"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        applications = Application._default_manager.order_by("name")
        return [
            (str(pk), name) for pk, name in applications.values_list("pk", "name")[:MOST_CHOICES]
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return queryset
        key = as_key(value)
        return queryset.filter(application=key) if key else queryset.none()


class EventCodeFilter(admin.SimpleListFilter):
    """Filters by code. The list of codes is closed, so that the log need not be scanned."""

    title = _("code")
    parameter_name = "code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(code, failure.title) for code, failure in FAILURES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return queryset
        return queryset.filter(code=value) if value in FAILURES else queryset.none()
