"""Label and help text for a form's own field that replaces a field of the model."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.utils.text import capfirst


def field_texts(model: type[Model], name: str) -> dict[str, Any]:
    """Return a model field's texts as arguments of a form field."""
    field: Any = model._meta.get_field(name)
    return {"label": capfirst(field.verbose_name), "help_text": field.help_text}
