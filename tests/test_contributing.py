"""What CONTRIBUTING.md sends its readers to exists, and its example is not an option already."""

from __future__ import annotations

import re
from pathlib import Path

from azuread_connections.models import Connection

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "azuread_connections"
#: Built, named without its folder, and named as what not to write.
NO_FILES = {"site/", "api.md", "utils.py"}


def test_every_path_exists() -> None:
    named = set(re.findall(r"`((?:[\w.-]+/)*[\w.-]+(?:\.(?:py|md|yml)|/))`", TEXT)) - NO_FILES
    assert len(named) > 40
    lost = [path for path in named if not ((ROOT / path).exists() or (PACKAGE / path).exists())]
    assert lost == []


def test_the_example_of_an_option_is_none() -> None:
    (name,) = re.findall(r"^   (\w+) = models\.", TEXT, re.MULTILINE)
    (label,) = re.findall(r"As an example, a checkbox \*(.+?)\*", TEXT)
    assert name not in {field.name for field in Connection._meta.get_fields()}
    assert f"| {label} |" not in (ROOT / "docs/form.md").read_text(encoding="utf-8")


def test_the_recipe_of_a_signal_ends_on_a_page_that_lists_signals() -> None:
    recipe = TEXT.partition("### Add a signal\n")[2].partition("\n## ")[0]
    pages = [ROOT / path for path in re.findall(r"`(docs/\S+\.md)`", recipe)]
    assert any("\n## `signed_in`\n" in page.read_text(encoding="utf-8") for page in pages)
