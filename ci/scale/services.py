"""The services of a site on several machines, each with a port of its own on this one.

All are Debian's: postgresql, pgbouncer, redis-server and haproxy. Each is a context manager that
ends its process; ``folder`` removes what they have written.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any

import psycopg

from ci.load import LoadFailed, free_port

PGBOUNCER, HAPROXY = "/usr/sbin/pgbouncer", "/usr/sbin/haproxy"
USER = "postgres"
DATABASE = "site"
#: Less than the threads of the site, so that they share connections.
POOL_SIZE = 8
_PRIMARY = """
listen_addresses = '127.0.0.1'
unix_socket_directories = '{folder}'
fsync = off
wal_level = replica
max_wal_senders = 4
hot_standby = on
shared_buffers = 64MB
"""
_PGBOUNCER = """
[databases]
site = host=127.0.0.1 port={primary} dbname=site
replica = host=127.0.0.1 port={replica} dbname=site

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
admin_users = postgres
pool_mode = transaction
max_client_conn = 300
default_pool_size = {pool_size}
logfile = {folder}/pgbouncer.log
"""
_HAPROXY = """
global
    maxconn 400

defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    # Only where no connection could be opened: an authorization code works once.
    retries 2
    option redispatch
    option http-server-close

frontend site
    bind 127.0.0.1:{port}
    # What a browser sends there is not to be believed.
    http-request del-header X-Forwarded-For
    option forwardfor
    default_backend servers

backend servers
    balance roundrobin
    option httpchk GET /health/ready
    server one 127.0.0.1:{one} check
    server two 127.0.0.1:{two} check
"""


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL."""

    port: int
    folder: Path

    def run(self, statement: str) -> Any:
        """Run a statement; return the first column of its first row, if there is one."""
        address = f"postgresql://{USER}@127.0.0.1:{self.port}/postgres"
        with psycopg.connect(address, autocommit=True) as server:
            found = server.execute(statement)
            return found.fetchone()[0] if found.description else None  # type: ignore[index]


def require_installed() -> None:
    """Raise ``LoadFailed`` with the names of Debian's packages that are missing."""
    paths = {
        "postgresql": "/usr/lib/postgresql/*/bin/postgres",
        "pgbouncer": PGBOUNCER,
        "haproxy": HAPROXY,
        "redis-server": "/usr/bin/redis-server",
    }
    if missing := [package for package, path in paths.items() if not glob(path)]:
        raise LoadFailed(f"Install Debian's packages: {' '.join(missing)}")


@contextmanager
def folder() -> Iterator[Path]:
    """A folder of the user who runs PostgreSQL, which refuses to run as root."""
    found = Path(tempfile.mkdtemp(prefix="azuread_scale_"))
    try:
        if os.geteuid() == 0:
            shutil.chown(found, USER, USER)
        yield found
    finally:
        shutil.rmtree(found, ignore_errors=True)


@contextmanager
def primary(inside: Path) -> Iterator[Cluster]:
    """A new cluster with an empty database."""
    data = inside / "primary"
    _run(_program("initdb"), "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync")
    with (data / "postgresql.conf").open("a") as config:
        config.write(_PRIMARY.format(folder=inside))
    with _postgres(data) as cluster:
        cluster.run(f"CREATE DATABASE {DATABASE}")
        yield cluster


@contextmanager
def replica(inside: Path, of: Cluster, delay: str) -> Iterator[Cluster]:
    """A streaming replica that is behind by ``delay``, as "2s"."""
    data = inside / "replica"
    _run(
        *(_program("pg_basebackup"), "-h", "127.0.0.1", "-p", of.port, "-U", USER, "-D", data),
        *("-R", "-X", "stream", "-c", "fast", "--no-sync"),
    )
    with (data / "postgresql.auto.conf").open("a") as config:
        config.write(f"recovery_min_apply_delay = '{delay}'\n")
    with _postgres(data) as cluster:
        yield cluster


@contextmanager
def _postgres(data: Path) -> Iterator[Cluster]:
    port, log = free_port(), data.with_suffix(".log")
    with _running(_program("postgres"), "-D", data, "-p", port, log=log):
        cluster = Cluster(port, data)
        wait_until(lambda: cluster.run("SELECT true"), f"PostgreSQL in {data}", log)
        yield cluster


@contextmanager
def pgbouncer(inside: Path, primary: Cluster, replica: Cluster) -> Iterator[int]:
    """PgBouncer in front of both, in transaction mode; yields its port."""
    port = free_port()
    (inside / "users").write_text(f'"{USER}" ""\n')
    config = inside / "pgbouncer.ini"
    config.write_text(
        _PGBOUNCER.format(
            folder=inside,
            port=port,
            primary=primary.port,
            replica=replica.port,
            pool_size=POOL_SIZE,
        )
    )
    log = inside / "pgbouncer.log"
    with _running(PGBOUNCER, config, log=inside / "pgbouncer.out"):
        address = f"postgresql://{USER}@127.0.0.1:{port}/{DATABASE}"
        wait_until(lambda: psycopg.connect(address).close() is None, "PgBouncer", log)
        yield port


@contextmanager
def redis(inside: Path) -> Iterator[int]:
    port = free_port()
    command = ("redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--dir", inside)
    log = inside / "redis.log"
    with _running(*command, log=log):
        ping = ["redis-cli", "-p", str(port), "ping"]
        wait_until(
            lambda: subprocess.run(ping, check=False, capture_output=True).stdout, "Redis", log
        )
        yield port


@contextmanager
def haproxy(inside: Path, port: int, servers: tuple[int, int]) -> Iterator[None]:
    """A load balancer that sends each request to the next server."""
    config = inside / "haproxy.cfg"
    config.write_text(_HAPROXY.format(port=port, one=servers[0], two=servers[1]))
    with _running(HAPROXY, "-db", "-f", config, log=inside / "haproxy.log"):
        yield


def wait_until(holds: Any, what: str, log: Path | None = None, seconds: float = 30) -> None:
    """Wait until a function returns something true. Raises ``LoadFailed``, with what is logged."""
    give_up_at = time.monotonic() + seconds
    while time.monotonic() < give_up_at:
        try:
            if holds():
                return
        except (psycopg.Error, subprocess.CalledProcessError):
            pass
        time.sleep(0.1)
    said = log.read_text(errors="replace")[-2000:] if log else ""
    raise LoadFailed(f"Waited for {seconds:.0f} s in vain: {what}.\n{said}")


@contextmanager
def _running(*command: object, log: Path) -> Iterator[None]:
    """Run a service until the block ends."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            **_as_user(),
        )
    try:
        yield
    finally:
        # PostgreSQL ends at once, without waiting for clients. The others know the signal, too.
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _run(*command: object) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        **_as_user(),
    )
    if done.returncode:
        raise LoadFailed(f"{command[0]}: {done.stderr[-2000:]}")


def _as_user() -> dict[str, Any]:
    # PostgreSQL and PgBouncer refuse to run as root.
    if os.geteuid() != 0:
        return {}
    return {"user": USER, "group": USER, "extra_groups": []}


def _program(name: str) -> str:
    """Return the newest PostgreSQL's program."""
    found = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    return str(max(found, key=lambda program: int(program.parts[4])))
