"""The dashboard for Grafana and the alerts for Prometheus ask only for what is measured."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from azuread_connections import observation
from azuread_connections.entra import observation as microsoft
from azuread_connections.login.log.failures import FAILURES, Stage
from azuread_connections.metrics import instruments, stored
from azuread_connections.models import Credential, Event

DOCS = Path(__file__).resolve().parents[2] / "docs"
DASHBOARD = DOCS / "grafana" / "azuread-connections.json"
RULES = DOCS / "prometheus" / "azuread-connections.rules.yml"
TESTS = DOCS / "prometheus" / "azuread-connections.test.yml"
PREFIX = "azuread_connections_"
#: Prometheus adds the first two to every series, and ``le`` to the buckets of a histogram.
ADDED = {"job", "instance", "le"}
SUFFIXES = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"], "gauge": [""]}
#: The values of labels that are closed lists, by metric.
CLOSED: dict[tuple[str, str], set[str]] = {
    ("sign_ins_total", "outcome"): {"signed_in", *FAILURES},
    ("sign_ins_total", "stage"): {"finished", *Stage},
    ("events_total", "kind"): set(Event.Kind.values),
    ("callback_seconds", "outcome"): set(observation.OUTCOMES),
    ("microsoft_request_seconds", "outcome"): set(microsoft.OUTCOMES),
    ("microsoft_request_seconds", "endpoint"): set(microsoft.ENDPOINTS),
    ("credential_days_left", "kind"): set(Credential.Kind.values),
}


def measured() -> dict[str, set[str]]:
    """Return the labels of each of our series, by its name."""
    counted = [each for each in vars(instruments).values() if isinstance(each, MetricWrapperBase)]
    families = [(next(iter(each.describe())), each._labelnames) for each in counted]
    families += [(family, family._labelnames) for family in stored.collector.describe()]
    return {
        family.name + suffix: {*labels, *ADDED}
        for family, labels in families
        for suffix in SUFFIXES[family.type]
    }


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return found


def panels() -> list[dict[str, Any]]:
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def alerts() -> list[dict[str, Any]]:
    [group] = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def queries() -> Iterator[tuple[str, str]]:
    """Every query with the title of its panel or the name of its alert."""
    for panel in panels():
        for target in panel["targets"]:
            expr = target["expr"].replace("$__rate_interval", "5m")
            yield panel["title"], re.sub(r'"\$\w+"', '".*"', expr)
    for alert in alerts():
        yield alert["alert"], alert["expr"]


QUERIES = list(queries())


def parts(expr: Any) -> Iterator[Any]:
    """Yield a query and everything in it."""
    yield expr
    for name in ("expr", "lhs", "rhs", "param", "vector_selector"):
        child = getattr(expr, name, None)
        if child is not None:
            yield from parts(child)
    for child in getattr(expr, "args", None) or ():
        yield from parts(child)


def selectors(query: str) -> list[Any]:
    return [part for part in parts(promql.parse(query)) if type(part).__name__ == "VectorSelector"]


def test_the_metrics_are_known() -> None:
    names = measured()
    assert names[f"{PREFIX}sign_ins_total"] == {"connection", "outcome", "stage", *ADDED}
    assert names[f"{PREFIX}credential_days_left"] == {"connection", "kind", *ADDED}
    assert len(names) == 16


@pytest.mark.parametrize(("title", "query"), QUERIES, ids=[title for title, _ in QUERIES])
def test_a_query_asks_only_for_what_is_measured(title: str, query: str) -> None:
    names = measured()
    found = selectors(query)
    assert found, query
    for selector in found:
        assert selector.name in names, query
        assert {matcher.name for matcher in selector.matchers.matchers} <= names[selector.name]
    grouped = [
        label
        for part in parts(promql.parse(query))
        if type(part).__name__ == "AggregateExpr" and part.modifier
        for label in part.modifier.labels
    ]
    assert set(grouped) <= set.union(*(names[selector.name] for selector in found))


@pytest.mark.parametrize(("title", "query"), QUERIES, ids=[title for title, _ in QUERIES])
def test_a_query_names_only_values_that_exist(title: str, query: str) -> None:
    for selector in selectors(query):
        metric = re.sub("_(bucket|count|sum)$", "", selector.name.removeprefix(PREFIX))
        for matcher in selector.matchers.matchers:
            values = CLOSED.get((metric, matcher.name))
            if values is not None:
                assert set(matcher.value.split("|")) <= values


def test_every_metric_is_on_the_dashboard() -> None:
    shown = {selector.name for _, query in QUERIES for selector in selectors(query)}
    families = {re.sub("_(bucket|count|sum)$", "", name) for name in measured()}
    assert {re.sub("_(bucket|count|sum)$", "", name) for name in shown} == families


def test_panels_do_not_overlap_and_have_their_data_source() -> None:
    places = set()
    for panel in dashboard()["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & places, panel["title"]
        assert max(x for x, _ in cells) < 24
        places |= cells
    assert all(panel["datasource"]["uid"] == "${datasource}" for panel in panels())
    numbers = [panel["id"] for panel in dashboard()["panels"]]
    assert len(set(numbers)) == len(numbers)


def test_a_legend_names_only_labels_that_the_query_keeps() -> None:
    for panel in panels():
        for target in panel["targets"]:
            for label in re.findall(r"{{(\w+)}}", target["legendFormat"]):
                assert re.search(rf"by \([\w, ]*\b{label}\b", target["expr"]), panel["title"]


def test_an_alert_says_what_happened_and_where_to_read_on() -> None:
    for alert in alerts():
        assert alert["labels"]["severity"] in {"info", "warning", "critical"}
        assert set(alert["annotations"]) == {"summary", "description"}
        for page in re.findall(r"docs/([\w-]+\.md)", alert["annotations"]["description"]):
            assert (DOCS / page).is_file()


def test_no_alert_is_about_what_strangers_can_cause() -> None:
    text = json.dumps([alert["expr"] for alert in alerts()])
    for outcome in ("transaction_missing", "connection_disabled", "client_refused"):
        assert outcome not in text


def test_the_page_names_every_alert() -> None:
    page = (DOCS / "metrics.md").read_text(encoding="utf-8")
    assert [alert["alert"] for alert in alerts() if f"`{alert['alert']}`" not in page] == []


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (Debian: prometheus)")
@pytest.mark.parametrize("command", [("check", RULES), ("test", TESTS)])
def test_prometheus_own_tool_accepts_the_alerts(command: tuple[str, Path]) -> None:
    action, file = command
    done = subprocess.run(
        ["promtool", action, "rules", file.name],
        cwd=file.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
