"""The form of an application: its type, its addresses, its enabled connections."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib.admin import AdminSite
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from ..models import Application, ApplicationHost, Connection, EnabledConnection
from ..models.application import default_grant_types
from .widgets.choices import RowsField, choose_by
from .widgets.field_texts import field_texts
from .widgets.lines import HostsField, URLsField


def _default_grants() -> str:
    """Return each type's default grant types, for the script that ticks them."""
    defaults = {
        str(kind): [str(grant) for grant in grants]
        for kind, grants in Application.DEFAULT_GRANT_TYPES.items()
    }
    return DjangoJSONEncoder().encode(defaults)


class ApplicationForm(forms.ModelForm):
    # Facts about the request, set on a subclass that the admin page makes.
    admin_site: ClassVar[AdminSite]
    visible_connections: ClassVar[QuerySet[Connection]]

    grant_types = forms.MultipleChoiceField(
        **field_texts(Application, "grant_types"),
        choices=Application.GrantType.choices,
        initial=default_grant_types,
        required=False,
        widget=forms.CheckboxSelectMultiple,
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
        self._set_up_connections()
        if self.instance.pk:
            self.initial["hosts"] = self.instance.hosts
        elif "application_type" in self.fields:
            attrs = self.fields["application_type"].widget.attrs
            attrs["data-azuread-grants"] = _default_grants()
        # The type chosen in this form decides which addresses are valid.
        if self.is_bound:
            is_native = self["application_type"].value() == Application.Type.NATIVE
            for name in ("allowed_callback_urls", "allowed_logout_urls"):
                field = self.fields.get(name)
                if isinstance(field, URLsField):
                    field.own_schemes = is_native

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
