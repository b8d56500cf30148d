"""Table rows in a form, while somebody else can add and remove rows."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.forms.formsets import INITIAL_FORM_COUNT, TOTAL_FORM_COUNT


class PostedRowsFormSet(forms.BaseInlineFormSet):
    """A formset that matches each posted row to its stored object and drops rows removed meanwhile.

    Django treats a row that was removed meanwhile as an error, which is not shown and cannot be
    corrected. It also matches posted rows and stored rows by position: after a removal or an
    addition, one row's buttons would appear next to another's name.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_bound:
            return
        stored = {str(row.pk) for row in super().get_queryset()}
        gone = [n for n in range(self._stored_count()) if self._posted_key(n) not in stored]
        if gone:
            self.data = self._without(gone)
            # The cached form still counts the removed rows.
            del self.management_form

    def get_queryset(self) -> Any:
        stored = super().get_queryset()
        if not self.is_bound:
            return stored
        by_key = {str(row.pk): row for row in stored}
        posted = (self._posted_key(number) for number in range(self._stored_count()))
        return [by_key[key] for key in posted if key in by_key]

    def _stored_count(self) -> int:
        """Return how many of the posted rows claim to be stored."""
        return min(self.initial_form_count(), self.total_form_count())

    def _posted_key(self, number: int) -> str | None:
        model: Any = self.model
        key: str | None = self.data.get(f"{self.add_prefix(number)}-{model._meta.pk.name}")
        return key

    def _without(self, gone: list[int]) -> Any:
        """Return the posted data without these rows, and renumber the others."""
        place = re.compile(rf"{re.escape(str(self.prefix))}-(\d{{1,5}})-(.+)")
        posted: Any = self.data
        rows = [(name, match) for name in posted if (match := place.fullmatch(name))]
        data = posted.copy()
        for name, _match in rows:
            del data[name]
        for name, match in rows:
            number = int(match[1])
            if number not in gone:
                number -= sum(1 for other in gone if other < number)
                data.setlist(f"{self.add_prefix(number)}-{match[2]}", posted.getlist(name))
        for name in (INITIAL_FORM_COUNT, TOTAL_FORM_COUNT):
            data[f"{self.prefix}-{name}"] = int(data[f"{self.prefix}-{name}"]) - len(gone)
        return data
