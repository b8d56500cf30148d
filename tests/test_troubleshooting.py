from __future__ import annotations

import pytest
from django.utils import translation

from azuread_connections.entra import errors
from azuread_connections.entra.aadsts import (
    CATALOGUE,
    WITHOUT_NUMBER,
    Mender,
    as_markdown,
    explain,
)
from azuread_connections.testing import aadsts as standin
from project.troubleshooting import PAGE


def test_the_page_in_docs_says_what_the_catalogue_says() -> None:
    with translation.override("en"):
        written = as_markdown()
    assert PAGE.read_text(encoding="utf-8") == written, "python -m project.troubleshooting"


@pytest.mark.parametrize(
    ("code", "mender", "words"),
    [
        (50011, Mender.SITE, "callback URL"),
        (50020, Mender.EMPLOYEE, "another directory"),
        (50105, Mender.DIRECTORY, "assigned"),
        (50194, Mender.SITE, "common endpoint"),
        (53003, Mender.DIRECTORY, "rule of the directory"),
        (65001, Mender.DIRECTORY, "permissions"),
        (700016, Mender.SITE, "client ID"),
        (7000215, Mender.SITE, "its ID was pasted instead of its value"),
        (7000222, Mender.SITE, "expired"),
        (90002, Mender.SITE, "no directory"),
        (90024, Mender.NOBODY, "more sign-ins"),
        (9002327, Mender.SITE, "single-page app"),
    ],
)
def test_a_known_number_tells_its_meaning_who_can_mend_it_and_how(
    code: int, mender: Mender, words: str
) -> None:
    explanation = explain(code)
    assert explanation.mender is mender
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
    known = set(errors._BY_AADSTS_CODE) | set(standin.CATALOGUE)
    assert known - set(CATALOGUE) == set()


def test_every_entry_says_something_of_its_own_code() -> None:
    for code, explanation in CATALOGUE.items():
        assert explanation.code == code
        assert len(str(explanation.meaning)) > 15
        assert str(explanation.meaning).endswith(".")
        assert str(explanation.remedy).endswith(".")
        # A table cell in docs/.
        assert "|" not in f"{explanation.meaning}{explanation.remedy}"


def test_what_has_no_number_is_found_by_the_words_that_people_see() -> None:
    words = " ".join(str(seen) for seen, _explanation in WITHOUT_NUMBER)
    assert "registration cannot be found" in words
    assert "service listing is not properly configured by the publisher" in words
    assert "failed to obtain access token" in words
