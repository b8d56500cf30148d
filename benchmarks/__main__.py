"""`make bench`: measure, write results.json, and from it results.md and results.svg."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import (
    chart,
    counts,
    cpu,
    footprint,
    growth,
    latency,
    provider,
    report,
    rollover,
    scim,
    surroundings,
    throughput,
)
from benchmarks.bench import FULL, SMALL, Bench, Sizes
from benchmarks.peers import OTHER_PROVIDERS, PROVISIONINGS

HERE = Path(__file__).resolve().parent
SCALES = {sizes.name: sizes for sizes in (FULL, SMALL)}
MEASUREMENTS = {
    "counts": counts,
    "cpu": cpu,
    "latency": latency,
    "throughput": throughput,
    "growth": growth,
    "rollover": rollover,
    "footprint": footprint,
    "provider": provider,
    "scim": scim,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--only", nargs="+", choices=MEASUREMENTS, help="measure these, and keep the other results"
    )
    parser.add_argument("--render", action="store_true", help="measure nothing, only write anew")
    options = parser.parse_args()
    scale = os.environ.get("BENCH_SCALE") or FULL.name
    if scale not in SCALES:
        parser.error(f"BENCH_SCALE is “{scale}”; it may be {' or '.join(SCALES)}.")
    sizes = SCALES[scale]
    # A smoke test does not change the published results.
    where = HERE / ".envs" if sizes is SMALL else HERE
    stored = where / "results.json"
    is_whole = not (options.only or options.render)
    results: dict[str, Any] = {}
    if stored.exists() and not is_whole:
        results = json.loads(stored.read_text())
    if not options.render:
        for name in options.only or MEASUREMENTS:
            # Stored one by one: a run of half an hour can be interrupted.
            results = _rounded(results | measure(sizes, name, results))
            stored.write_text(json.dumps(results, indent=1) + "\n")
    if lacking := [name for name in MEASUREMENTS if name not in results]:
        print(f"Kept in {stored}. The page also needs --only {' '.join(lacking)}")
        return
    (where / "results.md").write_text(report.render(results))
    (where / "results.svg").write_text(chart.draw(results))
    print_table(report.comparison(results))
    print(f"\nGoals and growth: {where / 'results.md'}")


def measure(sizes: Sizes, name: str, kept: dict[str, Any]) -> dict[str, Any]:
    """Return the results of one measurement, and its circumstances. Ends the program if they differ
    from those of the kept results."""
    print(f"{name} ... ", end="", flush=True, file=sys.stderr)
    run = {"scale": sizes.name, **surroundings.at_this_moment()}
    began = time.monotonic()
    with Bench.running(sizes) as bench:
        if name == "provider":
            # Compared with nothing else on the page, so that it can be from another machine.
            where = surroundings.describe(bench.services, OTHER_PROVIDERS)
            measured = {name: provider.measure(bench) | where}
        elif name == "scim":
            where = surroundings.describe(bench.services, PROVISIONINGS)
            measured = {name: scim.measure(bench) | where}
        else:
            measured = _measure_beside(kept, bench, name)
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    return measured | {"runs": kept.get("runs", {}) | {name: run}}


def _measure_beside(kept: dict[str, Any], bench: Bench, name: str) -> dict[str, Any]:
    surrounding = surroundings.describe(bench.services)
    if differing := surroundings.differences(kept, surrounding):
        sys.exit(
            f"The results that were kept cannot stand beside it: {', '.join(differing)}. "
            "Measure everything again, without --only."
        )
    return surrounding | {name: MEASUREMENTS[name].measure(bench)}


def print_table(rows: list[list[str]]) -> None:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )


def _rounded(value: Any) -> Any:
    """Numbers rounded to their significant digits, so that the file stays small."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return value


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nBroken off. What was measured by then is kept: go on with --only.")
