"""What every measurement needs: the stand-in, the sites of the peers, the sizes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from benchmarks import lines
from benchmarks.environments import python_of
from benchmarks.lines import Child
from benchmarks.peers import Package, Peer
from benchmarks.ports import free_port, wait_until
from benchmarks.services import Config, Services


@dataclass(frozen=True)
class Sizes:
    """How much is measured. The small ones only show that everything runs."""

    name: str
    cpu_sign_ins: int
    cpu_rounds: int
    instruction_sign_ins: int
    latency_sign_ins: int
    latency_rounds: int
    first_callbacks: int
    throughput_seconds: float
    throughput_rounds: int
    growth: tuple[tuple[int, int], ...]  # connections, and identities and events
    growth_repeats: int
    secrets: tuple[int, int]
    forged: int
    imports: int
    provider_requests: int
    provider_rounds: int
    first_cycle: int  # people
    first_cycle_rounds: int
    provisioned: tuple[int, int]  # people


FULL = Sizes(
    name="full",
    cpu_sign_ins=2000,
    cpu_rounds=10,
    instruction_sign_ins=10,
    latency_sign_ins=200,
    latency_rounds=10,
    first_callbacks=9,
    throughput_seconds=5,
    throughput_rounds=9,
    growth=((10, 100), (1_000, 10_000), (100_000, 1_000_000)),
    growth_repeats=150,
    secrets=(1_000, 1_000_000),
    forged=10_000,
    imports=15,
    provider_requests=1000,
    provider_rounds=10,
    first_cycle=10_000,
    first_cycle_rounds=10,
    provisioned=(1_000, 100_000),
)
SMALL = Sizes(
    name="small",
    cpu_sign_ins=100,
    cpu_rounds=2,
    instruction_sign_ins=0,
    latency_sign_ins=20,
    latency_rounds=2,
    first_callbacks=1,
    throughput_seconds=2,
    throughput_rounds=1,
    growth=((10, 100), (100, 1_000), (2_000, 10_000)),
    growth_repeats=20,
    secrets=(1_000, 10_000),
    forged=200,
    imports=3,
    provider_requests=20,
    provider_rounds=2,
    first_cycle=50,
    first_cycle_rounds=2,
    provisioned=(100, 1_000),
)


@dataclass
class Bench:
    """A running stand-in, and how to start a site of a peer against it."""

    sizes: Sizes
    services: Services
    microsoft: Child
    address: str
    people: list[str]

    @classmethod
    @contextmanager
    def running(cls, sizes: Sizes) -> Iterator[Bench]:
        with Child([sys.executable, "-m", "benchmarks.microsoft"], {}) as microsoft:
            greeting = microsoft.greeting
            yield cls(sizes, Services.found(), microsoft, greeting["address"], greeting["browsers"])

    def requests(self) -> dict[str, int]:
        """Requests that sites have made to the stand-in so far, by endpoint."""
        counted: dict[str, int] = self.microsoft.ask("counts")
        return counted

    def site(self, peer: Peer, database: Config, **where: Any) -> Site:
        return Site(self, peer, database, **where)

    def installed(self, package: Package, database: Config, **where: Any) -> Installed:
        return Installed(self, package, database, **where)


@dataclass
class Installed:
    """A site of a package, in a worker that is asked questions.

    ``tls_port``: that of a TLS proxy before the stand-in; without it TLS is not used.
    """

    bench: Bench
    peer: Package
    database: Config
    cache: Config | None = None
    tls_port: int | None = None
    ca_bundle: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that make a process in the peer's environment this site."""
        environment = {
            "DJANGO_SETTINGS_MODULE": self.peer.settings,
            "BENCH_DATABASE": json.dumps(self.database),
            "BENCH_CACHE": json.dumps(self.cache) if self.cache else "",
            "PYTHONPATH": str(lines.ROOT),
            # A proxy of the machine cannot reach our loopback.
            "NO_PROXY": "*",
        }
        if self.tls_port:
            environment |= {
                "BENCH_TLS_PORT": str(self.tls_port),
                "REQUESTS_CA_BUNDLE": self.ca_bundle,
            }
        else:
            environment["BENCH_PLAIN_PORT"] = str(urlsplit(self.bench.address).port)
        return environment | dict(self.extra)

    def worker(self, prefix: tuple[str, ...] = ()) -> Child:
        command = [*prefix, python_of(self.peer), "-m", "benchmarks.worker"]
        return Child(command, self.environment)


@dataclass
class Site(Installed):
    """A peer's site: in a worker that is asked for sign-ins, or served by gunicorn."""

    peer: Peer

    def prepare(self) -> None:
        """Create the tables, and sign everybody in once, so that all are returning people."""
        near = replace(self, tls_port=None)
        with near.worker() as worker:
            worker.ask("site.prepare")
            near.cpu(worker, len(self.bench.people))

    def cpu(self, worker: Child, number: int) -> dict[str, float]:
        spent: dict[str, float] = worker.ask(
            "sign_in.cpu",
            number=number,
            start=self.peer.start,
            method=self.peer.method,
            microsoft=self.bench.address,
            people=self.bench.people,
        )
        return spent

    @contextmanager
    def served(self, workers: int) -> Iterator[str]:
        """Let gunicorn serve it; yields the address, when all workers have loaded the site."""
        port = free_port()
        command = [
            *(python_of(self.peer), "-m", "gunicorn", "benchmarks.wsgi:application"),
            *("--workers", str(workers), "--bind", f"127.0.0.1:{port}"),
            *("--log-level", "error", "--no-control-socket"),
        ]
        with TemporaryDirectory(prefix="azuread-bench-") as ready:
            environment = lines.environment_with(self.environment | {"BENCH_READY": ready})
            process = subprocess.Popen(
                command, env=environment, cwd=lines.ROOT, start_new_session=True
            )
            try:
                wait_until(lambda: len(os.listdir(ready)) >= workers, "gunicorn's workers")
                yield f"http://127.0.0.1:{port}"
            finally:
                process.terminate()
                process.wait(timeout=30)
