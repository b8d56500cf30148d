"""The record that verifies a domain, and what the records that are found say."""

from __future__ import annotations

import pytest

from azuread_connections.dns_proof.records import Lookup, Outcome, has_token, record_name

TOKEN = "0123456789abcdef0123456789abcdef01234567"
OURS = f"azuread-connections-verification={TOKEN}"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(OURS, id="as shown"),
        pytest.param(OURS.upper(), id="upper case"),
        pytest.param(f"  {OURS}\n", id="spaces"),
        pytest.param(f'"{OURS}"', id="quotation marks"),
        pytest.param(f"“{OURS}”", id="typographic quotation marks"),
        pytest.param(f'" {OURS} "', id="both"),
    ],
)
def test_the_record_is_recognised(text: str) -> None:
    assert has_token((text,), TOKEN)
    assert has_token(("v=spf1 -all", text, "other"), TOKEN)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(TOKEN, id="the token alone"),
        pytest.param("azuread-connections-verification=", id="no token"),
        pytest.param(OURS[:-1], id="cut off"),
        pytest.param(f"{OURS}0", id="longer"),
        pytest.param(f"{OURS} {OURS}", id="twice"),
        pytest.param(OURS.replace("=", " = "), id="spaces inside"),
        pytest.param(f"x{OURS}", id="something before"),
        pytest.param(OURS.replace("0123", "1123", 1), id="another token"),
        pytest.param(OURS.replace("a", "а", 1), id="a Cyrillic letter"),
    ],
)
def test_nothing_else_is(text: str) -> None:
    assert not has_token((text,), TOKEN)


@pytest.mark.parametrize("text", ["azuread-connections-verification=", "", "*"])
def test_without_a_token_no_record_counts(text: str) -> None:
    assert not has_token((text,), "")


@pytest.mark.parametrize(
    ("lookup", "outcome"),
    [
        (Lookup(), Outcome.NOT_FOUND),
        (Lookup(("other",)), Outcome.WRONG),
        (Lookup(("other", OURS)), Outcome.FOUND),
        (Lookup(problem=Outcome.TIMEOUT), Outcome.TIMEOUT),
        (Lookup((OURS,), problem=Outcome.FAILURE), Outcome.FAILURE),
    ],
)
def test_an_answer_is_one_of_five(lookup: Lookup, outcome: Outcome) -> None:
    assert lookup.outcome_for(TOKEN) is outcome
    assert outcome.is_conclusive is lookup.is_conclusive


def test_what_was_seen_is_short_and_printable() -> None:
    seen = Lookup(("a\x1b[31m\u202eb\x00", "y" * 500, *("z" * 9,) * 50)).seen
    assert seen[0] == "a�[31m�b�"
    assert seen[1] == "y" * 120 + "…"
    assert len(seen) == 5


def test_the_record_stands_below_the_domain() -> None:
    assert record_name("contoso.com") == "_azuread-connections.contoso.com"
