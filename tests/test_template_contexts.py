"""The table of templates in docs/settings.md names what each template reads: sites replace them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "azuread_connections" / "templates" / "azuread_connections"
#: Of Django's context processors and of the template language.
OF_DJANGO = {"user", "request", "forloop", "language", "is_bidi", "and", "or", "not", "in"}

_TAG = re.compile(r"{%\s*(\w+)(.*?)%}|{{(.*?)}}", re.DOTALL)
_TEXT = re.compile(r"\"[^\"]*\"|'[^']*'|\|[\w:]+")
_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*")


def documented() -> dict[str, str]:
    """Return the table's rows by their template; two that share one, twice."""
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    table = page.partition("| Template `azuread_connections/…` |")[2].partition("\n\n")[0]
    rows = {}
    for line in table.splitlines():
        for name in re.findall(r"`(\w+\.html)`", line.partition(" | ")[0]):
            rows[name] = line
    return rows


def names_read(source: str) -> set[str]:
    """Return the variables that a template reads and does not set itself."""
    read: set[str] = set()
    made = set(OF_DJANGO)
    for tag, arguments, expression in _TAG.findall(source):
        found = _NAME.findall(_TEXT.sub("", arguments or expression))
        if tag == "for":
            variable, _in, *found = found
            made.add(variable)
        elif tag in {"blocktranslate", "include", "with"}:
            made.update(re.findall(r"(\w+)=", arguments))
            found = re.findall(r"=([A-Za-z_]\w*)", _TEXT.sub("", arguments))
        elif tag not in {"", "if", "elif"}:
            continue
        read.update(found)
    return read - made


def test_names_are_found_in_each_place() -> None:
    source = '{% for a in b %}{{ a.c|default:"d" }}{% if e and not f.g %}{% endif %}{% endfor %}'
    assert names_read(source + "{% blocktranslate with h=i.j %}{{ h }}{% endblocktranslate %}") == {
        *("b", "e", "f", "i")
    }


@pytest.mark.parametrize("name", [name for name in documented() if not name.startswith("admin")])
def test_each_name_that_a_template_reads_is_in_its_row(name: str) -> None:
    names = names_read((FOLDER / name).read_text(encoding="utf-8"))
    assert [each for each in sorted(names) if f"`{each}`" not in documented()[name]] == []


def test_each_page_that_a_site_can_replace_is_in_the_table() -> None:
    assert {page.name for page in FOLDER.glob("*.html")} == set(documented())
