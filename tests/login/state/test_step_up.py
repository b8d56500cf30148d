"""What a view requires of a sign-in, and which facts meet it."""

from __future__ import annotations

from typing import Any

import pytest

from azuread_connections.login.state.step_up import LEEWAY, StepUp, requested_by, required_by

NOW = 1_900_000_000.0


@pytest.mark.parametrize(
    ("max_age", "age", "is_met"),
    [
        (None, 10**8, True),
        (600, 0, True),
        (600, 600 + LEEWAY, True),
        (600, 601 + LEEWAY, False),
        (0, 0, True),
        (0, LEEWAY + 1, False),
        (600, -LEEWAY, True),  # Microsoft's clock is ahead
        (600, -LEEWAY - 1, False),  # it would stay new for ever
    ],
)
def test_an_age_is_met_with_leeway_on_both_sides(
    max_age: int | None, age: float, is_met: bool
) -> None:
    assert StepUp(max_age).is_met(NOW - age, (), NOW) is is_met


def test_without_a_time_no_age_is_met() -> None:
    assert not StepUp(2 * 10**9).is_met(0, (), NOW)


def test_a_context_is_met_only_by_its_own_name() -> None:
    assert StepUp(acr="c1").is_met(0, ("c2", "c1"), NOW)
    for contexts in ((), ("c2",), ("c11",), ("C1",)):
        assert not StepUp(acr="c1").is_met(NOW, contexts, NOW)


def test_age_and_context_are_both_needed() -> None:
    both = StepUp(600, "c1")
    assert both.is_met(NOW, ("c1",), NOW)
    assert not both.is_met(NOW, (), NOW)
    assert not both.is_met(NOW - 1000, ("c1",), NOW)


@pytest.mark.parametrize("max_age", [-1, True, 1.5, "600", 10**9])
def test_a_max_age_that_is_none_is_named(max_age: Any) -> None:
    with pytest.raises(ValueError, match="max_age must be a number of seconds"):
        required_by(max_age, "")


@pytest.mark.parametrize("acr", ["c0", "c100", "C1", "c1 ", "mfa", "c01", "c١", 1, None])
def test_an_unknown_authentication_context_is_named(acr: Any) -> None:
    with pytest.raises(ValueError, match=r"acr must be an authentication context .* not "):
        required_by(None, acr)


@pytest.mark.parametrize("acr", ["c1", "c9", "c10", "c99"])
def test_every_context_of_microsofts_can_be_required(acr: str) -> None:
    assert required_by(0, acr) == StepUp(0, acr)


@pytest.mark.parametrize("max_age", ["-1", "1.5", "x", "1" * 10, "٣", ""])
@pytest.mark.parametrize("acr", ["c0", "c100", "c1\n", "{}", ""])
def test_a_parameter_that_is_none_is_ignored(rf: Any, max_age: str, acr: str) -> None:
    assert not requested_by(rf.get("/", {"max_age": max_age, "acr": acr}))
