"""The sections of a connection's page: what each says while it is closed, and which are open.

A section is a native ``<details>`` element, so it needs no JavaScript. Its anchor is on the
content: browsers open a closed ``<details>`` around the target of a link, but not one whose summary
is the target.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...microsoft.wording import Text
from .boxes import Box

#: The class of a fieldset that names its section, such as ``azuread-general``.
PREFIX = "azuread-"


@dataclass(frozen=True)
class Section:
    """``key``: names it in the page and in the browser's memory. ``short_title``: for the list of
    sections, if the title is long. ``is_forced_open``: whatever the browser remembers, because it
    has an error or has to be filled in.

    It holds either a ``fieldset`` with the ``inlines`` that belong to it, or a ``template``.
    """

    key: str
    title: Text
    short_title: Text = ""
    summary: Text = ""
    is_forced_open: bool = False
    fieldset: Any = None
    inlines: list[Any] = field(default_factory=list)
    template: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)

    @property
    def anchor(self) -> str:
        return PREFIX + self.key


def fieldset_sections(
    adminform: Any, inlines: Iterable[Any], summaries: Mapping[str, Text], *, open_keys: set[str]
) -> list[Section]:
    """Return a section for each fieldset. One with an error, in an inline too, is open.

    ``open_keys``: the sections that are open without an error.
    """
    inlines = list(inlines)
    return [_of_fieldset(fieldset, inlines, summaries, open_keys) for fieldset in adminform]


def _of_fieldset(
    fieldset: Any, inlines: list[Any], summaries: Mapping[str, Text], open_keys: set[str]
) -> Section:
    key = key_of(fieldset.classes.split())
    own = [inline for inline in inlines if inline.opts.place == PREFIX + key]
    is_wrong = bool(set(fieldset.fields) & set(fieldset.form.errors)) or any(
        has_errors(inline.formset) for inline in own
    )
    title, fieldset.name = fieldset.name, None  # The section's summary is its heading.
    return Section(
        key,
        title,
        summary=summaries.get(key, ""),
        is_forced_open=is_wrong or key in open_keys,
        fieldset=fieldset,
        inlines=own,
    )


def key_of(classes: Iterable[str]) -> str:
    """Return the key in a fieldset's classes, such as "general" in ``azuread-general``."""
    return next((name.removeprefix(PREFIX) for name in classes if name.startswith(PREFIX)), "")


def has_errors(formset: Any) -> bool:
    return formset.is_bound and (bool(formset.non_form_errors()) or any(formset.errors))


def box_section(name: str, box: Box) -> Section:
    return Section(
        name,
        box.title,
        summary=box.summary,
        is_forced_open=box.is_open,
        template=box.template,
        context=box.context,
    )
