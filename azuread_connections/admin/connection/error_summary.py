"""The list of errors above a refused form: each leads to its field, also in a closed section."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst

from ...microsoft.wording import Text


@dataclass(frozen=True)
class FieldError:
    """``anchor``: the ID of the field, or of the table; ``label`` is "" for a table's own error."""

    anchor: str
    label: Text
    message: Text


def field_errors(adminform: Any, formsets: Iterable[Any]) -> list[FieldError]:
    """Return the errors in the order of the page; those of no field are not among them."""
    shown = [name for fieldset in adminform for name in fieldset.fields]
    of_tables = (error for formset in formsets for error in _of_formset(formset))
    return [*_of_form(adminform.form, shown), *of_tables]


def _of_form(form: Any, names: Iterable[str]) -> Iterator[FieldError]:
    for name in names:
        if name not in form.fields:
            continue
        bound = form[name]
        anchor = bound.id_for_label or bound.auto_id
        for message in bound.errors:
            yield FieldError(anchor, capfirst(str(bound.label)), message)


def _of_formset(formset: Any) -> Iterator[FieldError]:
    if not formset.is_bound:
        return
    for message in formset.non_form_errors():
        yield FieldError(f"{formset.prefix}-group", "", message)
    for form in formset.forms:
        yield from _of_form(form, form.fields)
        for message in form.non_field_errors():
            yield FieldError(f"{formset.prefix}-group", "", message)
