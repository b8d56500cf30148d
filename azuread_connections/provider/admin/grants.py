"""The APIs that a client may ask access tokens for, as a table on its application's page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext_lazy as _

from ...admin.widgets.cell_names import name_cells
from ...admin.widgets.field_texts import field_texts
from ..models import ClientGrant, OAuthClient


class GrantForm(forms.ModelForm):
    scope = forms.CharField(
        label=field_texts(ClientGrant, "scope")["label"],
        required=False,
        help_text=_("Scopes of the API, separated by spaces."),
        widget=forms.TextInput(attrs={"class": "vTextField", "spellcheck": "false"}),
    )

    class Meta:
        model = ClientGrant
        fields = ["api", "scope"]

    def clean(self) -> Any:
        cleaned = super().clean() or self.cleaned_data
        api = cleaned.get("api")
        named = list(dict.fromkeys((cleaned.get("scope") or "").split()))
        cleaned["scope"] = " ".join(named)
        unknown = [scope for scope in named if api and scope not in api.scope_descriptions]
        if unknown:
            self.add_error(
                "scope",
                [
                    ValidationError(
                        _("“%(scope)s” is not a scope of %(api)s."),
                        code="unknown_scope",
                        params={"scope": scope, "api": api},
                    )
                    for scope in unknown
                ],
            )
        return cleaned


class GrantFormSet(BaseInlineFormSet):
    """The grants of an application's client: the page is that of the application."""

    def __init__(
        self, data: Any = None, files: Any = None, instance: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(data, files, getattr(instance, "oauth_client", None), **kwargs)

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        name_cells(form)


class GrantInline(admin.TabularInline):
    model = ClientGrant
    form = GrantForm
    formset = GrantFormSet
    # A table like Django's, in which each cell has a name.
    template = "azuread_connections/admin/group_mappings.html"
    verbose_name = _("API")
    verbose_name_plural = _("APIs")
    extra = 0

    def __init__(self, parent_model: Any, admin_site: Any) -> None:
        # A grant belongs to the client, whose application's page this is.
        super().__init__(OAuthClient, admin_site)
