"""Fields of the pages for clients and APIs that hold a list, one entry a line."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from ...admin.widgets.lines import LinesField
from ..models.api import parse_scope
from ..models.client_settings import validate_metadata
from ..models.origins import clean_origin


class OriginsField(LinesField):
    """Origins, one a line: ``https://app.example.com``."""

    def clean_line(self, line: str) -> str:
        return clean_origin(line)


class NamedTextsField(LinesField):
    """Texts by name, one a line: ``name = text``. Not by commas, which a text may have."""

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        lines = value if isinstance(value, list) else (value or "").splitlines()
        return [line.strip() for line in lines if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return "\n".join(f"{name} = {text}" for name, text in value.items())
        return super().prepare_value(value)

    def parse_line(self, line: str) -> tuple[str, str]:
        """Return name and text. Raises ``ValidationError``."""
        raise NotImplementedError

    def clean_line(self, line: str) -> str:
        self.parse_line(line)
        return line

    def clean(self, value: Any) -> Any:
        return dict(self.parse_line(line) for line in super().clean(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(dict(initial or {}) != self.clean(data))
        except ValidationError:
            return True


class ScopesField(NamedTextsField):
    """Scopes with what they mean: ``read:orders = see your orders``."""

    def parse_line(self, line: str) -> tuple[str, str]:
        return parse_scope(line)


class MetadataField(NamedTextsField):
    """A client's metadata: ``plan = gold``."""

    def parse_line(self, line: str) -> tuple[str, str]:
        name, separator, text = (part.strip() for part in line.partition("="))
        if not separator or not name:
            raise ValidationError(
                _("“%(line)s” is not an entry, such as plan = gold."),
                code="metadata",
                params={"line": line},
            )
        validate_metadata({name: text})
        return name, text

    def clean(self, value: Any) -> Any:
        entries = super().clean(value)
        validate_metadata(entries)
        return entries
