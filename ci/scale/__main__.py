"""Run the site as on several machines: two servers, a load balancer, PgBouncer, a replica, Redis.

    python -m ci.scale --sign-ins 600 --at-once 30

Many people sign in at once, as in ``ci/load.py``, while the replica is behind. Then the replica is
stopped from applying anything, and what must be current is tried: see ``flows``. Everything runs on
free ports of the loopback address and in a temporary folder, and is gone at the end.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg

from ci import load
from ci.load import LoadFailed
from ci.scale import flows, services

#: How far the replica is behind during the load.
DELAY = "2s"


def main() -> None:
    options = parse()
    # A killed run, too, ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))
    began = time.monotonic()

    def report(what: str) -> None:
        print(f"[{time.monotonic() - began:5.1f} s] {what}", flush=True)

    with ExitStack() as stack:
        run(options, stack, report)
    report("Everything has ended.")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sign-ins", type=int, default=600)
    parser.add_argument("--at-once", type=int, default=30)
    return parser.parse_args()


def run(options: argparse.Namespace, stack: ExitStack, report: Any) -> None:
    services.require_installed()
    inside = stack.enter_context(services.folder())
    primary = stack.enter_context(services.primary(inside))
    replica = stack.enter_context(services.replica(inside, primary, DELAY))
    pool = stack.enter_context(services.pgbouncer(inside, primary, replica))
    cache = stack.enter_context(services.redis(inside))
    report("PostgreSQL with a replica, PgBouncer and Redis run.")

    port = load.free_port()
    address = f"http://127.0.0.1:{port}"
    databases = f"postgres://{services.USER}@127.0.0.1:{pool}"
    os.environ["REPLICA_URL"] = f"{databases}/replica"
    load.set_environment(
        "ci.scale.settings",
        address,
        f"{databases}/{services.DATABASE}",
        f"redis://127.0.0.1:{cache}/0",
    )
    from azuread_connections.testing import StandIn

    microsoft = stack.enter_context(StandIn())
    people = load.set_up(microsoft, address, max(options.sign_ins // load.EACH, 1))
    report("The database is migrated, through PgBouncer.")
    ports = (load.free_port(), load.free_port())
    servers = [stack.enter_context(load.gunicorn(each)) for each in ports]
    stack.enter_context(services.haproxy(inside, port, ports))
    load.wait_for(port)
    no_check_complains()
    report("Two servers run behind a load balancer.")

    crowd = load.Crowd(microsoft, address, people, [master for master, _log in servers])
    crowd.sign_in(options.sign_ins, options.at_once)
    load.judge(crowd, [log for _master, log in servers])
    report("All people have signed in, and the counts agree.")
    print(pools(pool))
    services.wait_until(lambda: counts("default") == counts("replica"), "the replica's counts")

    replica.run("SELECT pg_wal_replay_pause()")
    services.wait_until(
        lambda: replica.run("SELECT pg_get_wal_replay_pause_state()") == "paused",
        "a replica that stands still",
    )
    site = flows.Site(address, microsoft, microsoft.directories[0])
    for flow in flows.FLOWS:
        try:
            flow(site)
        except LoadFailed as error:
            error.add_note(f"in {flow.__name__}, while the replica stood still")
            raise
    if counts("default") == counts("replica"):
        raise LoadFailed("The replica did not stand still.")
    report(f"{len(flows.FLOWS)} flows work while the replica stands still.")

    replica.run("SELECT pg_wal_replay_resume()")
    services.wait_until(lambda: counts("default") == counts("replica"), "the replica's counts")
    no_tracebacks([log for _master, log in servers])
    report("The replica has caught up, and has the same counts.")


def counts(using: str) -> dict[str, int]:
    """Count what sign-ins have written, on the primary or on the replica."""
    from django.contrib.auth.models import User
    from django.contrib.sessions.models import Session

    from azuread_connections.models import Event, Identity, Revocation

    models: list[Any] = [User, Identity, Session, Event, Revocation]
    return {model.__name__: model._default_manager.using(using).count() for model in models}


def no_check_complains() -> None:
    """The checks about databases, without those about the stand-in and http."""
    from azuread_connections.checks import check_settings

    if found := [str(message.id) for message in check_settings() if message.is_serious()]:
        raise LoadFailed(f"System checks: {found}")


def pools(port: int) -> str:
    """Say how many connections of the site share how many of PostgreSQL."""
    address = f"postgresql://{services.USER}@127.0.0.1:{port}/pgbouncer"
    with psycopg.connect(address, autocommit=True) as console:
        found = console.execute("SHOW POOLS")
        names = [column.name for column in found.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    lines = []
    for row in rows:
        if row["database"] == "pgbouncer":
            continue
        if row["pool_mode"] != "transaction":
            raise LoadFailed(f"PgBouncer pools by {row['pool_mode']}.")
        clients = int(row["cl_active"]) + int(row["cl_waiting"])
        used = sum(int(row[name]) for name in names if name.startswith("sv_"))
        lines.append(f"{row['database']}: {clients} connections share {used} of PostgreSQL's")
    return "; ".join(lines)


def no_tracebacks(logs: list[Path]) -> None:
    for log in logs:
        if "Traceback" in (said := log.read_text()):
            raise LoadFailed(f"The server's log has a traceback:\n{said[-4000:]}")


if __name__ == "__main__":
    main()
