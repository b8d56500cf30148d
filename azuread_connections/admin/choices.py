"""Choosing many of few, or many of very many."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.db.models import Field, QuerySet

#: More check boxes than this nobody reads; a search field then takes their place.
MOST_CHECKBOXES = 100


def choose_by(
    field: forms.Field,
    queryset: QuerySet[Any],
    relation: Field[Any, Any],
    admin_site: AdminSite,
) -> None:
    """Give a field its rows: as check boxes, or as a search field where there are too many.

    ``relation`` is a foreign key to the rows' model: the admin's search goes by it.
    """
    if queryset[: MOST_CHECKBOXES + 1].count() > MOST_CHECKBOXES:
        field.widget = AutocompleteSelectMultiple(relation, admin_site)
    # After the widget, which takes its choices from the field.
    field.queryset = queryset  # type: ignore[attr-defined]  # a field of a form is any field
