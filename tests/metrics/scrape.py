"""Reads the metrics as Prometheus does, with prometheus_client's own parser."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

PREFIX = "azuread_connections_"
TOKEN = "token-of-the-tests-0123456789-abcdef"

Series = dict[tuple[str, tuple[str, ...]], float]


def get(token: str | None = TOKEN, **extra: Any) -> Any:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return Client().get("/metrics", headers=headers | extra)


def text() -> str:
    response = get()
    assert response.status_code == 200, response.content
    found: str = response.content.decode()
    return found


def series(source: str | None = None) -> Series:
    """Return our series: by name without prefix and the values of the labels, sorted by label."""
    found: Series = {}
    for family in text_string_to_metric_families(source or text()):
        for sample in family.samples:
            if sample.name.startswith(PREFIX) and not sample.name.endswith("_created"):
                values = tuple(value for _, value in sorted(sample.labels.items()))
                found[sample.name.removeprefix(PREFIX), values] = sample.value
    return found


class Counting:
    """What changed between two scrapes: counters of a process never go back."""

    def __init__(self) -> None:
        self._before = series()

    def changes(self, name: str) -> dict[tuple[str, ...], float]:
        before: defaultdict[Any, float] = defaultdict(float, self._before)
        return {
            labels: value - before[named, labels]
            for (named, labels), value in series().items()
            if named == name and value != before[named, labels]
        }
