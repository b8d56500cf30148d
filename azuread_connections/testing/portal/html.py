"""Forms and tables as HTML. What comes in as a text is escaped, what is named `content` is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from .place import Place


def text_field(
    place: Place,
    name: str,
    label: str,
    *,
    value: str = "",
    hint: str = "",
    kind: str = "text",
    required: bool = False,
) -> str:
    """A labelled input with its hint and error; what was typed takes the value's place."""
    shown = place.typed.get(name, value)
    attributes = f'type="{kind}" name="{name}" autocomplete="off"{_described(place, name, hint)}'
    if kind == "file":
        attributes += ' accept=".cer,.pem,.crt"'
    else:
        attributes += f' value="{escape(shown)}"'
    # Not `required`: the browser's own message would hide Entra's.
    star = ' class="needed"' if required else ""
    needed = ' aria-required="true"' if required else ""
    return (
        f'<p class="field"><label for="id_{name}"{star}>{escape(label)}</label>'
        f'<input id="id_{name}" {attributes}{needed}>{_notes(place, name, hint)}</p>'
    )


def select(
    place: Place, name: str, label: str, options: Mapping[str, str], *, chosen: str = ""
) -> str:
    chosen = place.typed.get(name, chosen)
    listed = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>'
        f"{escape(text)}</option>"
        for value, text in options.items()
    )
    return (
        f'<p class="field"><label for="id_{name}">{escape(label)}</label>'
        f'<select id="id_{name}" name="{name}"{_described(place, name, "")}>{listed}</select>'
        f"{_notes(place, name, '')}</p>"
    )


def choice(
    place: Place,
    name: str,
    legend: str,
    options: Mapping[str, str],
    *,
    chosen: str = "",
    hint: str = "",
) -> str:
    """Radio buttons in a fieldset."""
    chosen = place.typed.get(name, chosen)
    buttons = "".join(
        f'<label class="option"><input type="radio" name="{name}" value="{escape(value)}"'
        f"{' checked' if value == chosen else ''}> {escape(text)}</label>"
        for value, text in options.items()
    )
    return (
        f"<fieldset{_described(place, name, hint)}><legend>{escape(legend)}</legend>"
        f"{_notes(place, name, hint)}{buttons}</fieldset>"
    )


def boxes(prefix: str, legend: str, options: Mapping[str, str]) -> str:
    """Check boxes; each is a field of its own, named `prefix` and its value."""
    listed = "".join(
        f'<label class="option"><input type="checkbox" name="{prefix}{escape(value)}" value="1"> '
        f"{escape(value)}: {escape(text)}</label>"
        for value, text in options.items()
    )
    return f"<fieldset><legend>{escape(legend)}</legend>{listed}</fieldset>"


def form(content: str, *, do: str, button: str, files: bool = False) -> str:
    """A form that posts to its own page."""
    encoding = ' enctype="multipart/form-data"' if files else ""
    return (
        f'<form method="post"{encoding}>{content}<input type="hidden" name="do" value="{do}">'
        f"<p><button>{escape(button)}</button></p></form>"
    )


def row_button(label: str, of: str, *, do: str, key: str) -> str:
    """A button in a row of a table; `of` completes its name for those who do not see the row."""
    return (
        f'<form method="post"><input type="hidden" name="do" value="{do}">'
        f'<input type="hidden" name="key" value="{escape(key)}">'
        f'<button>{escape(label)} <span class="hidden">{escape(of)}</span></button></form>'
    )


def pane(place: Place, title: str, content: str, *fields: str) -> str:
    """What Entra opens at the side: open by itself where one of its fields has an error."""
    is_open = any(name in place.errors for name in fields)
    return (
        f'<details class="pane"{" open" if is_open else ""}><summary>{escape(title)}</summary>'
        f"{content}</details>"
    )


def facts(pairs: Mapping[str, str]) -> str:
    """Values to copy, each in an input that cannot be changed: it works by keyboard, too."""
    listed = "".join(
        f'<p class="field"><label for="fact_{number}">{escape(label)}</label>'
        f'<input id="fact_{number}" value="{escape(value)}" readonly></p>'
        for number, (label, value) in enumerate(pairs.items())
    )
    return f'<div class="facts">{listed}</div>'


def table(caption: str, headers: Sequence[str], rows: Iterable[Sequence[str]], *, none: str) -> str:
    """Rows of HTML, or the sentence that there are none."""
    lines = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    if not lines:
        return f"<p>{escape(none)}</p>"
    heads = "".join(f'<th scope="col">{escape(text)}</th>' for text in headers)
    return (
        f'<div class="scroll" role="region" aria-label="{escape(caption)}" tabindex="0">'
        f'<table><caption class="hidden">{escape(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def link(address: str, text: str) -> str:
    return f'<a href="{escape(address)}">{escape(text)}</a>'


def code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def copyable(label: str, value: str) -> str:
    """One value in a table's cell that can be copied by keyboard."""
    return f'<input aria-label="{escape(label)}" value="{escape(value)}" readonly>'


def _described(place: Place, name: str, hint: str) -> str:
    notes = [f"{name}_hint"] if hint else []
    if name in place.errors:
        notes.insert(0, f"{name}_error")
    described = f' aria-describedby="{" ".join(notes)}"' if notes else ""
    return described + (' aria-invalid="true"' if name in place.errors else "")


def _notes(place: Place, name: str, hint: str) -> str:
    error = place.errors.get(name, "")
    shown = f'<span class="error" id="{name}_error">{escape(error)}</span>' if error else ""
    return shown + (f'<span class="hint" id="{name}_hint">{escape(hint)}</span>' if hint else "")
