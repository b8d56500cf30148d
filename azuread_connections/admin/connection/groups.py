"""Mappings of groups and app roles on a connection's page.

Editors can give only permissions that they hold.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms.formsets import DELETION_FIELD_NAME
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ...models import Connection, GroupMapping
from ...models.group import role_that_differs_by_case
from ...models.refusals import needs_app_roles, needs_security_groups, roles_differ_by_case
from ..rights import (
    CHANGE_CONNECTION,
    CHANGE_GROUP,
    may,
    may_see_connection,
    named,
    permissions_held,
)
from ..widgets.cell_names import name_cells
from .posted_rows import PostedRowsFormSet

MAPPING_FIELDS = ["directory_group_id", "role", "label", "group", "admits"]
#: The error's code if an option is off that mappings need, and the option.
_OPTIONS = {"groups_needed": "security_groups", "roles_needed": "app_roles"}


#: Where a connection's roles come from. Whoever administers that place chooses who has a role.
_SOURCE = ("client_id", "cloud", "domain", "tenant_id", "use_common_endpoint")


def _beyond(editor: Any, group: Any) -> list[str]:
    """Return the permissions of a Django group that the editor does not hold, sorted."""
    held = permissions_held(editor)
    if held is None:
        return []
    names = group.permissions.values_list("content_type__app_label", "codename")
    given = {f"{app}.{codename}" for app, codename in names}
    return sorted(given - held)


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

    def _post_clean(self) -> None:
        invalid = set(self.errors) & {"directory_group_id", "role"}
        super()._post_clean()  # type: ignore[misc]  # the stubs leave it out
        if invalid:
            # The model has seen an empty value in place of the invalid one.
            self._forget("group_or_role")

    def _forget(self, code: str) -> None:
        for name, errors in list(self.errors.items()):
            kept = [error for error in errors.as_data() if error.code != code]
            del self.errors[name]
            if kept:
                self.add_error(name, kept)

    def clean_directory_group_id(self) -> str:
        # The stored form: otherwise two rows that differ only by case would both pass.
        return str(self.cleaned_data["directory_group_id"]).lower()

    def clean_group(self) -> Any:
        group = self.cleaned_data["group"]
        decisive = {"group", "directory_group_id", "role"}
        if group is None or not decisive & set(self.changed_data):
            return group
        if beyond := _beyond(self.editor, group):
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
        name_cells(form)

    def _groups(self, field: Any) -> list[Any]:
        """Return the choices of a row, read from the database once for all rows."""
        if not hasattr(self, "_group_choices"):
            self._group_choices = list(field.choices)
        return self._group_choices

    def clean(self) -> None:
        super().clean()
        connection = self.instance
        mappings = [form.instance for form in self._filled_in()]
        errors = []
        if not connection.security_groups and any(not m.is_role for m in mappings):
            errors.append(needs_security_groups())
        if not connection.app_roles and any(m.is_role for m in mappings):
            errors.append(needs_app_roles())
        if role := role_that_differs_by_case((m.role, m.group_id) for m in mappings):
            errors.append(roles_differ_by_case(role))
        given = [m.group for m in mappings if m.is_role and m.group_id is not None]
        if closed := self._not_to_be_given(given):
            errors.append(_source_is_fixed(closed))
        if errors:
            raise ValidationError(errors)

    def _not_to_be_given(self, groups: list[Any]) -> list[Any]:
        """Return the Django groups that app roles give, that the editor may not give, and that
        people of another registration or directory would get after this change."""
        closed = [each for each in groups if not self.may_give or _beyond(self.editor, each)]
        if not closed:
            return []
        connections = Connection._default_manager.using(self.instance._state.db)
        before = connections.filter(pk=self.instance.pk).values(*_SOURCE).first() or {}
        # A directory that is pinned for the first time is that of the same domain.
        changed = [name for name, value in before.items() if value != ""]
        is_same = all(before[name] == getattr(self.instance, name) for name in changed)
        return [] if is_same else closed

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
    template = "azuread_connections/admin/group_mappings.html"
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


def _source_is_fixed(groups: list[Any]) -> ValidationError:
    return ValidationError(
        _(
            "App roles give these Django groups: %(groups)s. With another registration or "
            "directory, other administrators would decide who has these roles. To change it, you "
            "need the permission “Can change group” and all permissions of these groups."
        ),
        code="source_fixed",
        params={"groups": ", ".join(sorted({str(group) for group in groups}))},
    )


def lacking_options(formsets: list[Any]) -> dict[str, str]:
    """Return the options that mappings need and that are off, each with a message for its field."""
    codes = {error.code for formset in formsets for error in formset.non_form_errors().as_data()}
    message = gettext("The mappings need this option.")
    return {option: message for code, option in _OPTIONS.items() if code in codes}
