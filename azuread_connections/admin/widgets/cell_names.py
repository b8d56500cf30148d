"""Accessible names for the fields in the rows of a table."""

from __future__ import annotations

from typing import Any

from django.forms.formsets import DELETION_FIELD_NAME
from django.utils.text import capfirst
from django.utils.translation import gettext


def name_cells(form: Any) -> None:
    """Give each field of a row's form a name: a column's heading is not read as a label."""
    for name, field in form.fields.items():
        label = gettext("Remove") if name == DELETION_FIELD_NAME else capfirst(str(field.label))
        text = gettext("%(field)s of %(mapping)s") if form.instance.pk else "%(field)s"
        words = {"field": label, "mapping": form.instance}
        # Not on Django's wrapper with the links to add and change: its attributes are shared by all
        # requests.
        widget = getattr(field.widget, "widget", field.widget)
        widget.attrs["aria-label"] = text % words
