"""The published results are the measured ones: no number is edited by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import chart, environments, goals, report, surroundings
from benchmarks.browser import Answer, Browser, Microsoft
from benchmarks.peers import OUR_PROVIDER, PACKAGES, PROVIDER_ACTIONS, PROVIDERS

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
        "provider",
        *("machine", "versions", "runs"),
    }


def test_a_missed_goal_is_marked(results: dict[str, Any]) -> None:
    measured = results["latency"]["peers"]["azuread_connections"]
    measured["median"] = 10 * results["latency"]["round_trip"]
    missed = [goal for goal in goals.judge(results) if "1.25 round trips" in goal.text]
    assert [goal.is_met for goal in missed] == [False]
    assert f"| {missed[0].measured} | **missed** |" in report.render(results)


def provider_results(*, ours: float) -> dict[str, Any]:
    """Results of the providers: the peers answer 100 times a second, this app as often as told."""

    def measured(name: str) -> dict[str, Any]:
        rate = ours if name == OUR_PROVIDER.name else 100.0
        return {"rate": {"median": rate, "rounds": [rate]}, "cpu": {"median": 7, "rounds": [7]}}

    rates = {peer.name: dict.fromkeys(PROVIDER_ACTIONS, measured(peer.name)) for peer in PROVIDERS}
    counted = {"data": {"SELECT": 2, "INSERT": 1}, "transaction": {"BEGIN": 1, "COMMIT": 1}}
    counts = {peer.name: dict.fromkeys(PROVIDER_ACTIONS, counted) for peer in PROVIDERS}
    machine = {"cpu": "Another CPU", "cores": 4, "memory_gb": 8, "system": "Another system"}
    versions = {"django-oauth-toolkit": "3.4.1", "PostgreSQL": "15", "Redis": "7"}
    where = {"machine": machine, "versions": versions}
    return {"plain": rates, "real": rates, "counts": counts, "secret_check": 190.0, **where}


@pytest.mark.parametrize(("ours", "outcome"), [(101.0, "met"), (99.0, "**missed**")])
def test_the_provider_is_compared_with_its_peers(
    results: dict[str, Any], ours: float, outcome: str
) -> None:
    results["provider"] = provider_results(ours=ours)
    page = report.render(results)
    row = f"| tokens for a code: a second, SQLite | {ours:.0f} | 100 (×{100 / ours:.2f}) |"
    assert row in page
    assert (
        "| tokens for a code: data statements, transaction control | 3, 2 | 3, 2 | 3, 2 |" in page
    )
    goals_of_rates = [line for line in page.splitlines() if "Provider, tokens a second" in line]
    assert [line.endswith(f"{outcome} |") for line in goals_of_rates if line.startswith("|")] == [
        True,
        True,
    ]
    assert "Codes exchanged for tokens a second" in chart.draw(results)
    assert "Another CPU, 4 cores" in page
    assert "django-oauth-toolkit 3.4.1" in page


def test_a_request_of_the_provider_over_its_budget_misses_the_goal(
    results: dict[str, Any],
) -> None:
    results["provider"] = provider_results(ours=101)
    counted = {"data": {"SELECT": 4}, "transaction": {}}
    results["provider"]["counts"][OUR_PROVIDER.name]["userinfo"] = counted
    (goal,) = [goal for goal in goals.judge(results) if "Provider, data" in goal.text]
    assert not goal.is_met
    assert "userinfo 4" in goal.measured


def test_everything_was_measured_at_full_scale_of_a_commit(results: dict[str, Any]) -> None:
    for name, run in results["runs"].items():
        assert run["scale"] == "full", name
        assert "changed" not in run["version"], name


def test_results_name_no_host(results: dict[str, Any]) -> None:
    assert set(results["machine"]) == {"cpu", "cores", "memory_gb", "system"}


def test_each_environment_is_laid_once_from_its_requirements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed: list[list[str]] = []

    def run(command: list[str], check: bool) -> Any:
        installed.append(command)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(environments, "ENVIRONMENTS", tmp_path)
    monkeypatch.setattr(environments.venv, "create", lambda where, **_: where.mkdir())
    monkeypatch.setattr(environments.subprocess, "run", run)
    for _ in range(2):
        environments.main()
    assert {command[0] for command in installed} == {
        environments.python_of(peer) for peer in PACKAGES
    }
    assert len(installed) == len({peer.environment for peer in PACKAGES})
    assert all(Path(command[-1]).is_file() for command in installed)


def test_results_of_different_machines_are_not_mixed(results: dict[str, Any]) -> None:
    now = {part: dict(results[part]) for part in ("machine", "versions")}
    assert surroundings.differences(results, now) == []
    assert surroundings.differences({}, now) == []
    now["machine"]["cores"], now["versions"]["Django"] = 64, "1.0"
    was = results["machine"]["cores"], results["versions"]["Django"]
    assert surroundings.differences(results, now) == [
        f"cores 64 (was {was[0]})",
        f"Django 1.0 (was {was[1]})",
    ]


@pytest.mark.parametrize(
    ("given", "is_signed_in"), [("", False), ("sessionid=old", False), ("sessionid=new", True)]
)
def test_a_sign_in_has_ended_when_there_is_a_new_session(given: str, is_signed_in: bool) -> None:
    """An app can have created one at the start, and can also redirect people who declined."""

    class Site:
        def send(
            self, path: str, headers: dict[str, str], method: str = "GET", body: bytes = b""
        ) -> Answer:
            return Answer(302, [("location", "/"), ("set-cookie", given)] if given else [])

    browser = Browser(Site(), Microsoft("http://127.0.0.1:9"), "", {"sessionid": "old"})
    if is_signed_in:
        browser.come_back("/callback?code=1")
    else:
        with pytest.raises(RuntimeError, match="failed"):
            browser.come_back("/callback?code=1")


def test_an_unknown_scale_does_not_start_the_long_run() -> None:
    pytest.importorskip("psycopg")
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--only", "counts"],
        cwd=HERE.parent,
        env=os.environ | {"BENCH_SCALE": "smal"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 2
    assert "it may be full or small" in run.stderr
