"""What users sign in to, and by which connections."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin import AdminSite
from django.core.exceptions import ValidationError
from django.db.models import Count, Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..models import Application, Connection, EnabledConnection
from .choices import choose_by

#: Connections named in a row of the list; the others are counted.
NAMED_CONNECTIONS = 5

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}(:|$))({_LABEL}\.)*{_LABEL}(:(?P<port>[0-9]{{1,5}}))?")


class HostsField(forms.CharField):
    """Hosts, one a line: ``portal.example.com`` or ``localhost:8000``, kept as a list."""

    widget = forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField", "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        lines = value if isinstance(value, list) else (value or "").splitlines()
        hosts = [line.strip().lower() for line in lines if line.strip()]
        # Once each, in the order typed.
        return list(dict.fromkeys(hosts))

    def validate(self, value: Any) -> None:
        super().validate(value)
        wrong = [host for host in value if not is_host(host)]
        if wrong:
            raise ValidationError(
                [
                    ValidationError(
                        _(
                            "“%(line)s” is not a host. Enter the host alone, with its port if it "
                            "has one, such as portal.example.com or localhost:8000."
                        ),
                        code="host",
                        params={"line": line},
                    )
                    for line in wrong
                ]
            )

    def run_validators(self, value: Any) -> None:
        # CharField's own are for one text, and this is a list.
        return

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or []) != self.to_python(data)


def is_host(value: str) -> bool:
    match = _HOST.fullmatch(value)
    return match is not None and 0 < int(match["port"] or 443) < 65536


class ApplicationForm(forms.ModelForm):
    admin_site: ClassVar[AdminSite]

    hosts = HostsField(
        label=_("Hosts"),
        required=False,
        help_text=_(
            "Further hosts of this site on which the application lives, one a line, such as "
            "portal.example.com. Each has a callback URL of its own to register in Azure."
        ),
    )
    enabled_connections = forms.ModelMultipleChoiceField(
        label=_("Enabled connections"),
        queryset=Connection._default_manager.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("People can sign in to this application with the connections chosen here."),
    )

    class Meta:
        model = Application
        fields = ["name", "slug", "description", "hosts", "external_id"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["enabled_connections"]
        relation = EnabledConnection._meta.get_field("connection")
        connections = Connection._default_manager.order_by("name_key")
        choose_by(field, connections, relation, self.admin_site)
        if self.instance.pk:
            self.initial["enabled_connections"] = list(
                self.instance.connections.values_list("pk", flat=True)
            )


@admin.register(Application)
class ApplicationAdmin(admin.ModelAdmin):
    form = ApplicationForm
    list_display = ("name", "slug", "description", "connection_names")
    search_fields = ("name", "slug", "external_id__exact")
    show_full_result_count = False

    class Media:
        css = {"all": ["azuread_connections/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        connections = Connection._default_manager.order_by("name_key")
        return (
            super()
            .get_queryset(request)
            .annotate(connection_count=Count("connections"))
            .prefetch_related(
                Prefetch("connections", connections[:NAMED_CONNECTIONS], to_attr="named")
            )
        )

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = super().get_list_display(request)
        if self._may_see_connections(request):
            return columns
        return [column for column in columns if column != "connection_names"]

    @admin.display(description=_("connections"), ordering="connection_count")
    def connection_names(self, application: Any) -> str | SafeString:
        names = ", ".join(connection.name for connection in application.named)
        more = application.connection_count - len(application.named)
        if not more:
            return names or "–"
        return ngettext("%(names)s and %(more)d more", "%(names)s and %(more)d more", more) % {
            "names": names,
            "more": more,
        }

    @admin.display(description=_("Enabled connections"))
    def enabled_for(self, application: Application) -> str:
        return ", ".join(application.connections.values_list("name", flat=True)) or "–"

    def get_readonly_fields(
        self, request: HttpRequest, obj: Application | None = None
    ) -> tuple[str, ...]:
        # The slug stands in addresses and settings, which a change would break.
        return ("slug", "enabled_for") if obj is not None else ("enabled_for",)

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Application | None = None
    ) -> dict[str, Sequence[str]]:
        return {} if obj is not None else {"slug": ("name",)}

    def get_fieldsets(self, request: HttpRequest, obj: Application | None = None) -> Any:
        fields = ["name", "slug", "description", "hosts", "external_id"]
        if self._may_enable(request):
            may_edit = (
                self.has_add_permission(request)
                if obj is None
                else self.has_change_permission(request, obj)
            )
            connections = ["enabled_connections" if may_edit else "enabled_for"]
        elif self._may_see_connections(request):
            connections = ["enabled_for"]
        else:
            connections = []
        fieldsets: list[Any] = [(None, {"fields": fields})]
        if connections:
            fieldsets.append((gettext("Connections"), {"fields": connections}))
        return fieldsets

    def get_form(
        self,
        request: HttpRequest,
        obj: Application | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> type[forms.ModelForm[Application]]:
        kwargs["form"] = type("ApplicationForm", (self.form,), {"admin_site": self.admin_site})
        return super().get_form(request, obj, change=change, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        # Enabling changes whom a connection lets in, so it is the connection's permission.
        if self._may_enable(request):
            form.instance.connections.set(form.cleaned_data["enabled_connections"])

    def _may_enable(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return user.has_perm("azuread_connections.change_connection")

    def _may_see_connections(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return self._may_enable(request) or user.has_perm("azuread_connections.view_connection")
