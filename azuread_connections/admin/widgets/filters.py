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
from ...credentials.status import CredentialStatus, end_of_day
from ...login.log.failures import FAILURES
from ...models import Application, Connection, Credential
from ...models.credential import not_expired
from ..rights import visible_connections
from .links import as_key

#: The longest list of choices; the search field finds the others.
MOST_CHOICES = 50
#: For a filter with many choices: closed while it is not in use.
LONG = "azuread_connections/admin/long_filter.html"


def with_secret_status(
    connections: QuerySet[Connection], status: CredentialStatus, now: datetime | None = None
) -> QuerySet[Connection]:
    """Keep the connections of one state: ``connection_credential_state`` as a database query."""
    now = now or timezone.now()
    any_credential = _has_credential(Q())
    accepted, endless = Q(refused_at=None), Q(kind=Credential.Kind.FEDERATED)
    usable = _has_credential(accepted & (endless | Q(expires_at__gt=now)))
    from_day = end_of_day(now, conf.secret_warning_days)
    lasting = _has_credential(accepted & (endless | Q(expires_at__gte=from_day)))
    undated = _has_credential(accepted & Q(expires_at=None))
    refused = _has_credential(~accepted & not_expired(now))
    conditions = {
        CredentialStatus.VALID: Q(lasting),
        CredentialStatus.EXPIRING: Q(usable) & ~Q(lasting),
        CredentialStatus.UNKNOWN: Q(undated) & ~Q(usable),
        CredentialStatus.REFUSED: Q(refused) & ~Q(undated) & ~Q(usable),
        CredentialStatus.EXPIRED: Q(any_credential) & ~Q(refused) & ~Q(undated) & ~Q(usable),
        CredentialStatus.MISSING: ~Q(any_credential),
    }
    return connections.filter(conditions[status])


def _has_credential(condition: Q) -> Exists:
    found = Credential._default_manager.filter(condition, connection=OuterRef("pk"))
    return Exists(found)


class ApplicationFilter(admin.RelatedFieldListFilter):
    """Filters connections by the applications for which they are enabled, or by none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = gettext("application")
        self.empty_value_display = escape(gettext("none"))


class CredentialStatusFilter(admin.SimpleListFilter):
    title = _("credential")
    parameter_name = "secret"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            (CredentialStatus.EXPIRED.value, _("Expired")),
            (CredentialStatus.REFUSED.value, _("Refused")),
            (CredentialStatus.EXPIRING.value, _("Expiring soon")),
            (CredentialStatus.UNKNOWN.value, _("No expiry date")),
            (CredentialStatus.MISSING.value, _("No credential")),
            (CredentialStatus.VALID.value, _("Valid")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value not in CredentialStatus.values:
            return queryset
        return with_secret_status(queryset, CredentialStatus(value))


class RelatedObjectFilter(admin.SimpleListFilter):
    """Filters by a related object, of which the first few are listed and any can be linked to."""

    template = LONG
    #: The field of the list's model.
    field: str

    def choices_of(self, request: HttpRequest, model_admin: Any) -> QuerySet[Any]:
        """Return the objects to choose from, in the order of the list."""
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = self.choices_of(request, model_admin).values_list("pk", "name")
        return [(str(pk), name) for pk, name in rows[:MOST_CHOICES]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return queryset
        key = as_key(value)
        return queryset.filter(**{self.field: key}) if key else queryset.none()


class ConnectionFilter(RelatedObjectFilter):
    """Filters by connection, without listing thousands of them or scanning the log."""

    title = _("connection")
    parameter_name = field = "connection"

    def choices_of(self, request: HttpRequest, model_admin: Any) -> QuerySet[Any]:
        return visible_connections(model_admin.admin_site, request).order_by("name_key")

    def has_output(self) -> bool:
        # Without this, Django ignores a link's connection if there is none to choose from.
        return super().has_output() or self.value() is not None


class ApplicationKeyFilter(RelatedObjectFilter):
    """Filters by application, without listing thousands of them or scanning the log."""

    title = _("application")
    parameter_name = field = "application"

    def choices_of(self, request: HttpRequest, model_admin: Any) -> QuerySet[Any]:
        return Application._default_manager.order_by("name")


class EventKindFilter(admin.ChoicesFieldListFilter):
    template = LONG


class EventCodeFilter(admin.SimpleListFilter):
    """Filters by code. The list of codes is closed, so that the log need not be scanned."""

    template = LONG
    title = _("code")
    parameter_name = "code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(code, failure.title) for code, failure in FAILURES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return queryset
        return queryset.filter(code=value) if value in FAILURES else queryset.none()
