from __future__ import annotations

from collections import Counter

import pytest
from django.utils import translation

from azuread_connections.entra import errors
from azuread_connections.entra.aadsts import (
    CATALOGUE,
    WITHOUT_NUMBER,
    ErrorClass,
    Owner,
    catalogue,
    explain,
)
from azuread_connections.testing.oauth import aadsts as standin
from project.troubleshooting import PAGE, with_tables
from tests import field_cases


def test_the_page_in_docs_says_what_the_catalogue_says() -> None:
    written = PAGE.read_text(encoding="utf-8")
    with translation.override("en"):
        assert with_tables(written) == written, "python -m project.troubleshooting"


def test_a_page_without_the_marks_of_a_table_is_not_overwritten() -> None:
    with pytest.raises(SystemExit, match="generated: numbers"):
        with_tables("# Troubleshooting")


@pytest.mark.parametrize(
    "heading",
    [
        "What Microsoft changed in 2025 and 2026",
        "asked for a second factor or a managed device for the first time",
        "need an administrator's approval",
        "A new client secret cannot be created",
        "deactivated",
        "The Users API stopped working",
        "certificate of Microsoft's servers",
    ],
)
def test_the_page_explains_what_microsoft_changed(heading: str) -> None:
    headings = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:1] == "#"]
    assert any(heading in line for line in headings)


@pytest.mark.parametrize(
    ("code", "owner", "words"),
    [
        (50011, Owner.SITE, "callback URL"),
        (50020, Owner.EMPLOYEE, "another directory"),
        (50105, Owner.DIRECTORY, "assigned"),
        (50194, Owner.SITE, "common endpoint"),
        (53003, Owner.DIRECTORY, "rule of the directory"),
        (65001, Owner.DIRECTORY, "permissions"),
        (700016, Owner.SITE, "client ID"),
        (7000215, Owner.SITE, "its ID was pasted instead of its value"),
        (7000222, Owner.SITE, "expired"),
        (90002, Owner.SITE, "no directory"),
        (90024, Owner.MICROSOFT, "more sign-ins"),
        (9002327, Owner.SITE, "single-page app"),
        (9002328, Owner.SITE, "from another origin, which only the single-page platform allows"),
    ],
)
def test_a_known_number_has_meaning_owner_and_remedy(code: int, owner: Owner, words: str) -> None:
    explanation = explain(code)
    assert explanation.owner is owner
    assert words in str(explanation.meaning)
    assert str(explanation.remedy)
    assert explanation.link == f"https://login.microsoftonline.com/error?code={code}"


def test_an_unknown_number_still_gives_a_text_and_microsofts_own_link() -> None:
    explanation = explain(123456)
    assert "not in our list" in str(explanation.meaning)
    assert "correlation ID" in str(explanation.remedy)
    assert explanation.link == "https://login.microsoftonline.com/error?code=123456"


def test_no_number_at_all_still_gives_a_text() -> None:
    explanation = explain(None)
    assert str(explanation.meaning)
    assert str(explanation.remedy)
    assert explanation.link == ""


def test_every_number_that_the_app_or_the_stand_in_knows_is_explained() -> None:
    known = set(standin.CATALOGUE)
    assert known - set(CATALOGUE) == set()
    assert set(errors._BY_ERROR_CLASS) == set(ErrorClass)


def test_every_number_that_the_field_met_is_explained() -> None:
    case = field_cases.case("F23")
    met = {int(code) for code in case["missing"]} | set(case["seen_in_threads_and_missing"])
    assert met - set(CATALOGUE) == set()
    for code in met:
        explanation = CATALOGUE[code]
        assert isinstance(explanation.owner, Owner)
        assert str(explanation.meaning) != str(explain(123456).meaning)
        assert str(explanation.remedy)


def test_no_number_is_explained_twice() -> None:
    times = Counter(entry.code for entry in catalogue.ENTRIES)
    assert [code for code, number in times.items() if number > 1] == []


def test_every_entry_has_its_own_text() -> None:
    for code, explanation in CATALOGUE.items():
        assert explanation.code == code
        assert len(str(explanation.meaning)) > 15
        assert str(explanation.meaning).endswith(".")
        assert str(explanation.remedy).endswith(".")
        # A table cell in docs/.
        assert "|" not in f"{explanation.meaning}{explanation.remedy}"


def test_errors_without_a_number_are_found_by_their_text() -> None:
    words = " ".join(str(seen) for seen, _explanation in WITHOUT_NUMBER)
    assert "registration cannot be found" in words
    assert "service listing is not properly configured by the publisher" in words
    assert "failed to obtain access token" in words
