"""This app alone, small and large: does anything get slower with the number of rows?"""

from __future__ import annotations

from contextlib import ExitStack
from statistics import median
from typing import Any

from benchmarks.bench import Bench, Site
from benchmarks.peers import OURS

ACTIONS = (
    *("start", "discovery", "callback", "sign_in_page"),
    *("admin_list", "connection_page"),
    *("log", "log_by_reference", "log_by_person", "log_by_connection"),
)
AT_ONCE = 10


def measure(bench: Bench) -> dict[str, Any]:
    """Medians of many runs, taken in turn at each size, and statements; then `check_secrets`."""
    sizes = bench.sizes.growth
    times: dict[str, list[list[float]]] = {action: [[] for _ in sizes] for action in ACTIONS}
    statements: dict[str, list[int]] = {action: [0 for _ in sizes] for action in ACTIONS}
    with ExitStack() as stack:
        sites = [_filled(bench, stack, *size) for size in sizes]
        workers = [stack.enter_context(site.worker()) for site in sites]
        for _ in range(bench.sizes.growth_repeats // AT_ONCE):
            for action in ACTIONS:
                for number, worker in enumerate(workers):
                    measured = worker.ask(
                        "growth.measure",
                        action=action,
                        number=AT_ONCE,
                        microsoft=bench.address,
                        people=bench.people,
                    )
                    times[action][number] += measured["times"]
                    # The maximum: a cached number is not queried each time.
                    most = max(statements[action][number], measured["statements"])
                    statements[action][number] = most
        secrets = _check_secrets(bench, sites[1:])
    return {
        "sizes": [list(size) for size in sizes],
        "actions": {
            action: {
                "median": [median(each) for each in times[action]],
                "statements": statements[action],
            }
            for action in ACTIONS
        },
        "check_secrets": secrets,
    }


def _filled(bench: Bench, stack: ExitStack, connections: int, people: int) -> Site:
    name = f"growth_{connections}"
    site = bench.site(
        OURS,
        stack.enter_context(bench.services.database(name)),
        cache=stack.enter_context(bench.services.cache()),
    )
    site.prepare()
    with site.worker() as worker:
        worker.ask("growth.fill", connections=connections, people=people)
    return site


def _check_secrets(bench: Bench, sites: list[Site]) -> dict[str, Any]:
    measured: dict[str, Any] = {"secrets": list(bench.sizes.secrets), "command": [], "bare": []}
    for number, site in zip(bench.sizes.secrets, sites, strict=True):
        with site.worker() as worker:
            worker.ask("growth.fill_secrets", number=number)
        for what, question in (("command", "check_secrets"), ("bare", "bare_pages")):
            # A process for each, because the peak memory is measured.
            with site.worker() as worker:
                measured[what].append(worker.ask(f"growth.{question}"))
    return measured
