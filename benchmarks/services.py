"""Databases and caches: PostgreSQL and Redis where they answer, else SQLite and files.

`BENCH_DATABASE_URL` and `BENCH_CACHE_URL` name others than the ones that .ci/run makes. Databases
are created with a name of their own and dropped again.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg import sql

POSTGRES_URL = os.environ.get(
    "BENCH_DATABASE_URL", "postgres://azuread_ci:azuread_ci@127.0.0.1:5432/azuread_ci"
)
REDIS_URL = os.environ.get("BENCH_CACHE_URL", "redis://127.0.0.1:6379/9")

Config = dict[str, Any]


@dataclass(frozen=True)
class Services:
    """What answers on this machine. Versions are empty where nothing does."""

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
        name = f"azuread_bench_{name}"
        _execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        _execute("CREATE DATABASE {}", name)
        try:
            yield {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": name,
                "USER": parts.username,
                "PASSWORD": parts.password,
                "HOST": parts.hostname,
                "PORT": parts.port or 5432,
                "CONN_MAX_AGE": 600,
            }
        finally:
            _execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    @contextmanager
    def cache(self, name: str) -> Iterator[Config]:
        """A cache that processes share, with keys of its own."""
        if not self.redis:
            with tempfile.TemporaryDirectory(prefix="azuread-bench-") as directory:
                backend = "django.core.cache.backends.filebased.FileBasedCache"
                yield {"BACKEND": backend, "LOCATION": directory}
            return
        client = redis.Redis.from_url(REDIS_URL)
        prefix = f"azuread_bench_{name}"
        try:
            yield {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": REDIS_URL,
                "KEY_PREFIX": prefix,
            }
        finally:
            for key in client.scan_iter(f"{prefix}:*", count=1000):
                client.delete(key)


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
    try:
        return str(
            redis.Redis.from_url(REDIS_URL, socket_timeout=2).info("server")["redis_version"]
        )
    except redis.RedisError:
        return ""


def _execute(statement: str, name: str) -> None:
    with psycopg.connect(POSTGRES_URL, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
