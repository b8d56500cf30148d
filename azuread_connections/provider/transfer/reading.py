"""What the readers of clients, APIs and grants share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.utils.translation import gettext as _

from ...transfer.document import ObjectReader, shown
from .placeholders import Removed


def required(reader: ObjectReader, key: str, removed: Removed) -> str | None:
    """Return a text that must be there and say something."""
    before = len(reader.mistakes)
    value = reader.text(key)
    if value or len(reader.mistakes) > before:
        return value or None
    if key in removed.paths:
        reader.refuse(key, _("This is a placeholder. Replace it in the file by the value."))
    else:
        reader.refuse(key, _("This key is missing."))
    return None


def skip(reader: ObjectReader, why: str) -> None:
    reader.note(_("skipped: %(why)s") % {"why": why})


def note_removed(reader: ObjectReader, removed: Removed) -> None:
    for path in removed.paths:
        reader.note(_("%(key)s: not stored, because it is a placeholder.") % {"key": shown(path)})


def note_left_over(
    reader: ObjectReader,
    descriptive: Collection[str] = (),
    already_so: Mapping[str, Any] | None = None,
) -> None:
    """Report the keys that nothing has read, except those that configure nothing here."""
    ignored = [
        shown(path)
        for path, value in reader.left_over()
        if path not in descriptive and (already_so or {}).get(path) != value
    ]
    if ignored:
        reader.note(_("not supported, ignored: %(keys)s.") % {"keys": ", ".join(ignored)})
