"""Key requests caused by forged key IDs: many callbacks, two processes, one shared cache."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from benchmarks.bench import Bench
from benchmarks.lines import Child
from benchmarks.peers import OURS

PROCESSES = 2


def measure(bench: Bench) -> dict[str, Any]:
    number = bench.sizes.forged // PROCESSES
    with ExitStack() as stack:
        site = bench.site(
            OURS,
            stack.enter_context(bench.services.database("rollover")),
            cache=stack.enter_context(bench.services.cache()),
        )
        site.prepare()
        workers = [stack.enter_context(site.worker()) for _ in range(PROCESSES)]
        bench.microsoft.ask("forge", on=True)
        before, began = bench.requests(), time.monotonic()

        def come_back(worker: Child) -> int:
            refused: int = worker.ask(
                "sign_in.refused_callbacks",
                number=number,
                start=OURS.start,
                microsoft=bench.address,
                people=bench.people,
            )
            return refused

        with ThreadPoolExecutor(PROCESSES) as pool:
            refused = sum(pool.map(come_back, workers))
        seconds = time.monotonic() - began
        bench.microsoft.ask("forge", on=False)
        after = bench.requests()
    if refused != number * PROCESSES:
        raise RuntimeError(f"Of {number * PROCESSES} forged callbacks {refused} were refused.")
    return {
        "callbacks": refused,
        "processes": PROCESSES,
        "seconds": seconds,
        "key_requests": after["keys"] - before["keys"],
    }
