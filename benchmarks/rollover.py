"""Requests for keys that forged key IDs cause: many callbacks, two processes, one shared cache."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from typing import Any

from benchmarks.bench import Bench
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
        refused: list[int] = []

        def come_back(worker: Any) -> None:
            refused.append(
                worker.ask(
                    "sign_in.refused_callbacks",
                    number=number,
                    start=OURS.start,
                    microsoft=bench.address,
                    people=bench.people,
                )
            )

        threads = [threading.Thread(target=come_back, args=[worker]) for worker in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        bench.microsoft.ask("forge", on=False)
        after = bench.requests()
    if sum(refused) != number * PROCESSES:
        raise RuntimeError(f"Of {number * PROCESSES} forged callbacks {sum(refused)} were refused.")
    return {
        "callbacks": sum(refused),
        "processes": PROCESSES,
        "seconds": time.monotonic() - began,
        "key_requests": after["keys"] - before["keys"],
    }
