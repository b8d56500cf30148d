"""Databases and caches: PostgreSQL and Redis if available, otherwise SQLite and files.

`BENCH_DATABASE_URL` names another PostgreSQL than that of .ci/run. Databases are created under
unique names and dropped again. If Redis is installed, the benchmark starts its own server: a shared
one could be emptied by somebody else meanwhile.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

from benchmarks.ports import free_port, wait_for

POSTGRES_URL = os.environ.get(
    "BENCH_DATABASE_URL", "postgres://azuread_ci:azuread_ci@127.0.0.1:5432/azuread_ci"
)

Config = dict[str, Any]


@dataclass(frozen=True)
class Services:
    """The services of this machine. The version is empty for a service that does not answer."""

    postgresql: str
    redis: str

    @classmethod
    def found(cls) -> Services:
        return cls(_postgresql_version(), _redis_version())

    @contextmanager
    def database(self, name: str) -> Iterator[Config]:
        """A new database for a real site: PostgreSQL if it answers."""
        if not self.postgresql:
            with sqlite(name) as config:
                yield config
            return
        parts = urlsplit(POSTGRES_URL)
        name = f"azuread_bench_{os.getpid()}_{name}"
        _execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        _execute("CREATE DATABASE {}", name)
        try:
            yield {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": name,
                "USER": unquote(parts.username or ""),
                "PASSWORD": unquote(parts.password or ""),
                "HOST": parts.hostname,
                "PORT": parts.port or 5432,
                "CONN_MAX_AGE": 600,
            }
        finally:
            _execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    @contextmanager
    def cache(self) -> Iterator[Config]:
        """A new cache that processes share: Redis if it is installed."""
        with tempfile.TemporaryDirectory(prefix="azuread-bench-") as directory:
            if not self.redis:
                backend = "django.core.cache.backends.filebased.FileBasedCache"
                yield {"BACKEND": backend, "LOCATION": directory}
                return
            port = free_port()
            command = [
                *("redis-server", "--port", str(port), "--bind", "127.0.0.1"),
                *("--save", "", "--appendonly", "no", "--dir", directory),
            ]
            with subprocess.Popen(
                command, stdout=subprocess.DEVNULL, start_new_session=True
            ) as process:
                try:
                    wait_for(port)
                    backend = "django.core.cache.backends.redis.RedisCache"
                    yield {"BACKEND": backend, "LOCATION": f"redis://127.0.0.1:{port}/0"}
                finally:
                    process.terminate()


@contextmanager
def sqlite(name: str) -> Iterator[Config]:
    """A new SQLite file, with the options that a site would give it."""
    with tempfile.TemporaryDirectory(prefix="azuread-bench-") as directory:
        yield {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(Path(directory) / f"{name}.sqlite3"),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
            "CONN_MAX_AGE": 600,
        }


def _postgresql_version() -> str:
    try:
        with psycopg.connect(POSTGRES_URL, connect_timeout=2) as connection:
            number = connection.info.server_version
    except psycopg.OperationalError:
        return ""
    return f"{number // 10000}.{number % 10000}"


def _redis_version() -> str:
    if not shutil.which("redis-server"):
        return ""
    shown = subprocess.run(
        ["redis-server", "--version"], check=True, capture_output=True, text=True
    )
    found = re.search(r"v=([\d.]+)", shown.stdout)
    return found[1] if found else "of unknown version"


def _execute(statement: str, name: str) -> None:
    with psycopg.connect(POSTGRES_URL, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
