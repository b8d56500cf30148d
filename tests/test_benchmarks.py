"""The published results are what was measured: nobody edits numbers by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import chart, goals, report

HERE = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture
def results() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / "results.json").read_text())
    return found


def test_the_page_is_rendered_from_the_raw_results(results: dict[str, Any]) -> None:
    assert report.render(results) == (HERE / "results.md").read_text()


def test_the_chart_is_drawn_from_the_raw_results(results: dict[str, Any]) -> None:
    assert chart.draw(results) == (HERE / "results.svg").read_text()


def test_the_results_are_whole(results: dict[str, Any]) -> None:
    assert set(results) >= {
        *("counts", "cpu", "latency", "throughput", "growth", "rollover", "footprint"),
        *("machine", "versions", "runs"),
    }


def test_a_missed_goal_says_so(results: dict[str, Any]) -> None:
    measured = results["latency"]["peers"]["azuread_connections"]
    measured["median"] = 10 * results["latency"]["round_trip"]
    missed = [goal for goal in goals.judge(results) if "1.25 round trips" in goal.text]
    assert [goal.is_met for goal in missed] == [False]
    assert f"| {missed[0].measured} | **missed** |" in report.render(results)


def test_everything_was_measured_at_full_scale_of_a_commit(results: dict[str, Any]) -> None:
    for name, run in results["runs"].items():
        assert run["scale"] == "full", name
        assert "changed" not in run["version"], name


def test_results_name_no_host(results: dict[str, Any]) -> None:
    assert set(results["machine"]) == {"cpu", "cores", "memory_gb", "system"}
