"""No page is left out: each URL pattern of ours is in the table, or in a list with a reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

import azuread_connections

from .patterns import of_site, of_standin
from .table import NO_PAGE, STANDIN_NO_PAGE, TOURS

PACKAGE = Path(azuread_connections.__file__).parent
TEMPLATES = sorted(PACKAGE.rglob("templates/**/*.html"))
STYLES = sorted((PACKAGE / "static").rglob("*.css"))

#: As in a template: with a tag or a variable between quotation marks.
_INLINE = re.compile(
    r"<[^<>]*\s(?:style|on[a-z]+)=|<style\b|<script\b(?![^>]*\ssrc=)|javascript:", re.IGNORECASE
)
_SIDES = re.compile(
    r"(?:^|[\s;{])(?:(?:margin|padding|border|inset)-(?:left|right)(?:-[a-z]+)?|left|right)\s*:"
    r"|text-align:\s*(?:left|right)\b|float:\s*(?:left|right)\b",
    re.MULTILINE,
)


def shown() -> set[str]:
    return {pattern for _, pages in TOURS.values() for pattern in pages.values()}


def test_every_pattern_of_ours_is_looked_at() -> None:
    ours = of_site() | of_standin()
    # Those of the optional sub-apps are there with their settings alone.
    assert sorted(ours - shown() - set(NO_PAGE) - set(STANDIN_NO_PAGE)) == []


def test_no_reason_is_given_for_a_page_that_is_looked_at() -> None:
    assert not (set(NO_PAGE) | set(STANDIN_NO_PAGE)) & shown()


def test_every_listed_pattern_exists() -> None:
    known = of_site() | of_standin() | {"admin:login", "admin:index", "needs_step_up"}
    listed = shown() | set(NO_PAGE) | set(STANDIN_NO_PAGE)
    # The provider adds pages to an application's.
    words = {
        "provider": ("azuread_provider", "_secret", "_remove_client"),
        "scim": ("azuread_scim",),
        "metrics": ("azuread_metrics",),
    }
    absent = [
        word
        for app, its in words.items()
        if f"azuread_connections.{app}" not in settings.INSTALLED_APPS
        or (app == "metrics" and "azuread_metrics:metrics" not in known)
        for word in its
    ]
    unknown = [name for name in listed - known if not any(word in name for word in absent)]
    assert sorted(name for name in unknown if not name.startswith("/_standin/")) == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_an_inline_style_or_script(template: Path) -> None:
    text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", template.read_text(encoding="utf-8"))
    assert _INLINE.findall(text) == []


@pytest.mark.parametrize("style", STYLES, ids=lambda path: path.name)
def test_style_sheets_work_from_right_to_left(style: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", style.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert _SIDES.findall(text) == []


def test_a_colour_has_one_value_in_all_style_sheets() -> None:
    values: dict[str, set[str]] = {}
    for style in STYLES:
        for name, value in re.findall(r"(--azuread-[\w-]+):\s*([^;]+);", style.read_text()):
            # The admin's are mixed with the text colour of its theme, which can be any.
            if "color-mix(" not in value:
                values.setdefault(name, set()).add(value)
    # One in light and one in dark.
    assert {name: found for name, found in values.items() if len(found) > 2} == {}
