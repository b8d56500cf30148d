from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils.functional import Promise

from azuread_connections.models import destinations
from azuread_connections.models.destinations import destination_error, is_listed

PATTERN = "https://*.preview.example.com/"


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[str], str | Promise]]:
    """Those of the optional sub-app, which is not installed here."""
    found: list[Callable[[str], str | Promise]] = []
    monkeypatch.setattr(destinations, "WILDCARD_RULES", found)
    return found


def test_without_the_sub_app_no_wildcard_can_be_listed() -> None:
    """It would do nothing here."""
    assert destinations.WILDCARD_RULES == []
    assert "a wildcard is not allowed" in str(destination_error(PATTERN, own_schemes=False))


def test_a_rule_decides_which_can(rules: list[Callable[[str], str | Promise]]) -> None:
    rules.append(lambda url: "" if url == PATTERN else "no.")
    assert destination_error(PATTERN, own_schemes=False) == ""
    assert destination_error("https://a.*.example.com/", own_schemes=False) == "no."
    assert destination_error(PATTERN + "#x", own_schemes=False) != ""


def test_a_native_application_is_told_that_its_scheme_needs_a_dot() -> None:
    assert "needs a dot" in str(destination_error("app://callback", own_schemes=True))
    assert "needs a dot" not in str(destination_error("app://callback", own_schemes=False))
    assert "needs a dot" not in str(destination_error("localhost:3000/cb", own_schemes=True))
    assert destination_error("com.example.app://callback", own_schemes=True) == ""


def test_a_wildcard_is_never_a_destination() -> None:
    """Not even to the letter: somebody can have registered a name with a star."""
    assert is_listed("https://a.example.com/", ["https://a.example.com/"])
    assert not is_listed(PATTERN, [PATTERN])
    assert not is_listed("https://a.preview.example.com/", [PATTERN])
