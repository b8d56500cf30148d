"""The page of docs/reference/ on the sub-apps' commands says what their parsers say."""

from __future__ import annotations

from project.reference.__main__ import outdated


def test_the_page_is_that_of_the_parsers() -> None:
    assert list(outdated(sub_apps=True)) == [], "python -m project.reference --sub-apps"
