"""The form of an application: its type, its addresses, its enabled connections."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib.admin import AdminSite
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..models import Application, ApplicationHost, Connection, EnabledConnection
from .widgets.choices import RowsField, choose_by
from .widgets.field_texts import field_texts
from .widgets.lines import HostsField, URLsField

#: The types that mean something to this site itself, each with what it means. A single-page
#: application would be the same as a regular web application.
TYPES: dict[str, Promise] = {
    Application.Type.REGULAR_WEB: _("People sign in to it in their browser."),
    Application.Type.NATIVE: _(
        "A mobile or desktop application. A sign-in may also end at an address with a scheme of "
        "its own, such as com.example.app://callback."
    ),
    Application.Type.MACHINE_TO_MACHINE: _("A program. People cannot sign in to it."),
}


class ApplicationForm(forms.ModelForm):
    # Facts about the request, set on a subclass that the admin page makes.
    admin_site: ClassVar[AdminSite]
    visible_connections: ClassVar[QuerySet[Connection]]
    #: The types to choose from, each with a sentence. A stored type that is not here stays.
    types: ClassVar[dict[str, Promise]] = TYPES

    application_type = forms.ChoiceField(
        **field_texts(Application, "application_type"),
        initial=Application.Type.REGULAR_WEB,
        widget=forms.RadioSelect(attrs={"class": "azuread-cards"}),
    )
    hosts = HostsField(
        label=_("Hosts"),
        required=False,
        help_text=_(
            "Further hosts of this site that serve the application, one per line, such as "
            "portal.example.com. Register a separate callback URL in Azure for each of them."
        ),
    )
    allowed_callback_urls = URLsField(
        **field_texts(Application, "allowed_callback_urls"), required=False
    )
    allowed_logout_urls = URLsField(
        **field_texts(Application, "allowed_logout_urls"), required=False
    )
    enabled_connections = RowsField(
        label=_("Enabled connections"),
        queryset=Connection._default_manager.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("People can sign in to this application with the connections chosen here."),
    )

    class Meta:
        model = Application
        # The page's fieldsets choose the fields.
        fields = "__all__"  # noqa: DJ007

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._set_up_types()
        self._set_up_connections()
        if self.instance.pk:
            self.initial["hosts"] = self.instance.hosts
        # The type chosen in this form decides which addresses are valid.
        if self.is_bound:
            is_native = self["application_type"].value() == Application.Type.NATIVE
            for name in ("allowed_callback_urls", "allowed_logout_urls"):
                field = self.fields.get(name)
                if isinstance(field, URLsField):
                    field.own_schemes = is_native

    def _set_up_types(self) -> None:
        field: Any = self.fields.get("application_type")
        if field is not None:
            stored = self.instance.application_type if self.instance.pk else ""
            shown = dict(self.types)
            if stored in Application.Type.values:
                shown.setdefault(stored, _("The type that is stored now."))
            field.choices = [(value, _card(value, text)) for value, text in shown.items()]

    def _set_up_connections(self) -> None:
        field = self.fields["enabled_connections"]
        relation = EnabledConnection._meta.get_field("connection")
        connections = self.visible_connections.order_by("name_key")
        choose_by(field, connections, relation, self.admin_site)
        if self.instance.pk:
            self.initial["enabled_connections"] = list(
                connections.filter(applications=self.instance).values_list("pk", flat=True)
            )

    def clean_hosts(self) -> list[str]:
        hosts: list[str] = self.cleaned_data["hosts"]
        taken = ApplicationHost._default_manager.filter(host__in=hosts).exclude(
            application=self.instance.pk
        )
        if rows := list(taken.select_related("application")):
            raise ValidationError(
                [
                    ValidationError(
                        _("The host %(host)s belongs to the application “%(application)s”."),
                        code="host_taken",
                        params={"host": row.host, "application": row.application},
                    )
                    for row in rows
                ]
            )
        return hosts


def _card(value: str, text: str | Promise) -> SafeString:
    label = Application.Type(value).label
    return format_html("<strong>{}</strong> <span>{}</span>", label, text)
