"""The changelog and the pages say the same about the version as the code."""

from __future__ import annotations

import re
from pathlib import Path

from azuread_connections import __version__
from tests.migrations.risks import PREVIOUS_RELEASE

ROOT = Path(__file__).resolve().parents[1]
UNRELEASED = "Unreleased"


def sections() -> dict[str, str]:
    """Return the texts of the changelog below its headings, by what is in the brackets."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    parts = re.split(r"^## \[(.+?)\]", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def released() -> str:
    """Return the number of the last migration of the version in ``__version__``."""
    if UNRELEASED in sections():
        return PREVIOUS_RELEASE["azuread_connections"][:4]
    folder = ROOT / "azuread_connections" / "migrations"
    return max(file.name[:4] for file in folder.glob("[0-9]*.py"))


def test_the_first_version_of_the_changelog_is_that_of_the_package() -> None:
    versions = [name for name in sections() if name != UNRELEASED]
    assert versions[0] == __version__
    assert list(sections()).index(versions[0]) <= 1


def test_the_changelog_and_the_page_of_upgrades_end_with_the_last_migration() -> None:
    page = (ROOT / "docs/zero-downtime.md").read_text(encoding="utf-8")
    assert re.findall(r"(\d\.\d\.\d) ends with `(\d{4})`", page) == [(__version__, released())]
    assert re.findall(r"migrate \(\d{4} to (\d{4})\)", sections()[__version__]) == [released()]
    newest = max(re.findall(r"^\| `(\d{4})_", page, re.MULTILINE))
    assert newest >= released()


def test_the_questionnaire_is_of_the_day_of_the_version() -> None:
    page = (ROOT / "docs/questionnaire.md").read_text(encoding="utf-8")
    (day,) = re.findall(r"\A - (\d{4}-\d\d-\d\d)\n", sections()[__version__])
    assert f"As of {__version__} ({day})" in page
