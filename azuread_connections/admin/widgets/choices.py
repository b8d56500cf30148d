"""Fields to choose several rows, from a few or from very many."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.core.exceptions import ValidationError
from django.db.models import Field, QuerySet

from .links import as_key

#: For more rows than this, a search field replaces the check boxes.
MOST_CHECKBOXES = 100


class RowsField(forms.ModelMultipleChoiceField):
    """Rows by their keys. An invalid key is an error, and never reaches the database."""

    def prepare_value(self, value: Any) -> Any:
        prepared = super().prepare_value(value)
        if not isinstance(prepared, list):
            return prepared
        return [key for key in prepared if as_key(str(key))]

    def clean(self, value: Any) -> Any:
        for key in value or ():
            if not as_key(str(key)):
                raise ValidationError(
                    self.error_messages["invalid_pk_value"],
                    code="invalid_pk_value",
                    params={"pk": str(key)[:20]},
                )
        return super().clean(value)


def choose_by(
    field: forms.Field,
    queryset: QuerySet[Any],
    relation: Field[Any, Any],
    admin_site: AdminSite,
) -> None:
    """Give a field its rows: as check boxes, or as a search field if there are too many.

    ``relation`` is a foreign key to the rows' model, which the admin's search needs.
    """
    if queryset[: MOST_CHECKBOXES + 1].count() > MOST_CHECKBOXES:
        field.widget = AutocompleteSelectMultiple(relation, admin_site)
    # After the widget, which takes its choices from the field.
    field.queryset = queryset  # type: ignore[attr-defined]  # a field of a form is any field
