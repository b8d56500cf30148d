"""Reference of the metrics: names, types, labels and texts, from the source of the instruments."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .markdown import code, page, table
from .source import PACKAGE, Module, module

_INTRODUCTION = """Of the optional sub-app `azuread_connections.metrics`. [Metrics](../metrics.md)
says how to switch it on, what the values of the labels are, and which alerts to set."""

_TYPES = {"Counter": "counter", "Histogram": "histogram", "GaugeMetricFamily": "gauge"}


def write() -> str:
    rows = [*_rows("instruments"), *_rows("stored")]
    return page(
        "Metrics",
        "azuread_connections/metrics/",
        _INTRODUCTION,
        table(("Name", "Type", "Labels", "What it is"), rows),
    )


def _rows(name: str) -> Iterator[tuple[str, str, str, str]]:
    source: Module = module(PACKAGE / "metrics" / f"{name}.py")
    for _function, call in source.calls(*_TYPES):
        kind = _TYPES[getattr(call.func, "id", "")]
        labels = next(
            (word.value for word in call.keywords if word.arg == "labels"),
            call.args[2] if len(call.args) > 2 else None,
        )
        named = [source.words(each) for each in labels.elts] if isinstance(labels, ast.List) else []
        suffix = "_total" if kind == "counter" else ""
        yield (
            code(source.words(call.args[0]) + suffix),
            kind,
            ", ".join(map(code, named)),
            source.words(call.args[1]),
        )
