"""Group mappings on a connection's page. Editors can give only permissions that they hold."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms.formsets import DELETION_FIELD_NAME
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ...models import Connection, GroupMapping
from ...models.refusals import needs_security_groups
from ..rights import (
    CHANGE_CONNECTION,
    CHANGE_GROUP,
    may,
    may_see_connection,
    named,
    permissions_held,
)
from .posted_rows import PostedRowsFormSet

MAPPING_FIELDS = ["directory_group_id", "label", "group", "admits"]


class GroupMappingForm(forms.ModelForm):
    """``editor``: the user who fills it in, set by the formset."""

    editor: Any = None
    may_give = False

    class Meta:
        model = GroupMapping
        fields = MAPPING_FIELDS

    def protect(self) -> None:
        """Disable what the editor may not change: the Django group, or a row that has one."""
        if self.may_give:
            return
        names = [*MAPPING_FIELDS, DELETION_FIELD_NAME] if self.gives_a_group else ["group"]
        for name in names:
            if name in self.fields:
                self.fields[name].disabled = True

    @property
    def gives_a_group(self) -> bool:
        return self.instance.group_id is not None

    def clean_directory_group_id(self) -> str:
        # The stored form: otherwise two rows that differ only by case would both pass.
        return str(self.cleaned_data["directory_group_id"]).lower()

    def clean_group(self) -> Any:
        group = self.cleaned_data["group"]
        if group is None or not {"group", "directory_group_id"} & set(self.changed_data):
            return group
        held = permissions_held(self.editor)
        if held is None:
            return group
        given = {
            f"{app}.{codename}"
            for app, codename in group.permissions.values_list(
                "content_type__app_label", "codename"
            )
        }
        if beyond := sorted(given - held):
            raise ValidationError(
                _("You cannot give permissions that you do not hold yourself: %(permissions)s."),
                code="beyond",
                params={"permissions": named(beyond)},
            )
        return group


class GroupMappingFormSet(PostedRowsFormSet):
    editor: Any = None
    may_give = False

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.editor, form.may_give = self.editor, self.may_give
        form.fields["group"].choices = self._groups(form.fields["group"])
        form.protect()

    def _groups(self, field: Any) -> list[Any]:
        """Return the choices of a row, read from the database once for all rows."""
        if not hasattr(self, "_group_choices"):
            self._group_choices = list(field.choices)
        return self._group_choices

    def clean(self) -> None:
        super().clean()
        if self._filled_in() and not self.instance.security_groups:
            raise needs_security_groups()

    def _filled_in(self) -> list[Any]:
        return [
            form
            for form in self.forms
            if not self._should_delete_form(form)  # type: ignore[attr-defined]
            and (form.instance.pk or form.has_changed())
        ]


class GroupMappingInline(admin.TabularInline):
    model = GroupMapping
    form = GroupMappingForm
    formset = GroupMappingFormSet
    place = "azuread-people"
    extra = 1
    verbose_name_plural = _("Group mappings")

    def get_formset(
        self, request: HttpRequest, obj: Connection | None = None, **kwargs: Any
    ) -> Any:
        formset: Any = super().get_formset(request, obj, **kwargs)
        formset.editor = request.user
        formset.may_give = may(request, CHANGE_GROUP)
        return formset

    # Mappings decide who gets in, so the connection's permissions apply, not the mapping's own.
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_see_connection(self.admin_site, request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, CHANGE_CONNECTION)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, CHANGE_CONNECTION)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, CHANGE_CONNECTION)


def lacks_security_groups(formsets: list[Any]) -> bool:
    """Return whether mappings were refused because “Security Groups” is off."""
    return any(
        error.code == "groups_needed"
        for formset in formsets
        for error in formset.non_form_errors().as_data()
    )
