"""APIs: their identifier and scopes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ...admin.widgets.lines import LinesField
from ..models import API
from ..models.api import parse_scope


class ScopesField(LinesField):
    """Scopes with what they mean, one a line: ``read:orders = see your orders``."""

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        # Not by commas, which a meaning may have.
        lines = value if isinstance(value, list) else (value or "").splitlines()
        return [line.strip() for line in lines if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return "\n".join(f"{name} = {meaning}" for name, meaning in value.items())
        return super().prepare_value(value)

    def clean_line(self, line: str) -> str:
        parse_scope(line)
        return line

    def clean(self, value: Any) -> Any:
        return dict(parse_scope(line) for line in super().clean(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(dict(initial or {}) != self.clean(data))
        except ValidationError:
            return True


class APIForm(forms.ModelForm):
    scopes = ScopesField(
        label=_("Scopes"),
        required=False,
        help_text=_("One a line, with what it means to people: read:orders = see your orders"),
    )

    class Meta:
        model = API
        fields = ["name", "identifier", "scopes"]


@admin.register(API)
class APIAdmin(admin.ModelAdmin):
    form = APIForm
    list_display = ("name", "identifier")
    search_fields = ("name", "identifier")

    def get_readonly_fields(self, request: HttpRequest, obj: API | None = None) -> tuple[str, ...]:
        # Tokens carry it, and the API compares it.
        return ("identifier",) if obj is not None else ()
