"""Sign many people in at once on a real server, and kill one of its workers meanwhile.

    python ci/load.py --database postgres://user:password@127.0.0.1:5432/name \\
        --cache redis://127.0.0.1:6379/13 --sign-ins 10000 --at-once 50

The database is created again, under the given name with the suffix `_load`. Every sign-in must end
with a session of the right person, or on a page that says to try again, which is then done. At the
end the database has to agree with what the browsers saw, and the workers must not have grown.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import requests
from cryptography.fernet import Fernet

if TYPE_CHECKING:
    from azuread_connections.testing import StandIn
    from azuread_connections.testing.directory.directories import Person

ROOT = Path(__file__).resolve().parent.parent
WORKERS, THREADS = 2, 8
#: How often each person signs in, on average; many first sign-ins are at the same moment.
EACH = 5
#: Pages that say "try again": allowed while a worker is being replaced.
TRY_AGAIN = frozenset({"transaction_missing", "transaction_expired", "microsoft_unreachable"})
ATTEMPTS = 5
#: How a load balancer answers when a server has broken off. Pages of the site have a code as well.
BROKEN_OFF = frozenset({502, 504})
#: Bytes by which a worker may grow in the last third: fragmentation by its threads.
GROWTH = 12_000_000


class LoadFailed(Exception):
    """The site did not behave as promised."""


def main() -> None:
    options = parse()
    database = f"{options.database}_load"
    create_database(options.database, database.rpartition("/")[2])
    port = free_port()
    site = f"http://127.0.0.1:{port}"
    set_environment("ci.load_settings", site, database, options.cache)
    from azuread_connections.testing import StandIn

    with StandIn() as microsoft:
        people = set_up(microsoft, site, max(options.sign_ins // EACH, 1))
        with gunicorn(port) as (server, log):
            crowd = Crowd(microsoft, site, people, [server])
            crowd.sign_in(options.sign_ins, options.at_once)
            grown = crowd.growth()
            judge(crowd, [log])
        if grown > GROWTH:
            raise LoadFailed(f"A worker has grown by {grown:,} bytes.")


def judge(crowd: Crowd, logs: list[Path]) -> None:
    """Raise ``LoadFailed`` unless everybody has signed in, the database agrees, and the servers'
    logs have no traceback."""
    print(crowd.report())
    if crowd.wrong:
        raise LoadFailed(f"{len(crowd.wrong)} sign-ins went wrong: {crowd.wrong[:5]}")
    compare_with_database(crowd)
    for log in logs:
        if "Traceback" in (said := log.read_text()):
            raise LoadFailed(f"The server's log has a traceback:\n{said[-4000:]}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", required=True, help="URL of a PostgreSQL database")
    parser.add_argument("--cache", required=True, help="URL of a Redis database")
    parser.add_argument("--sign-ins", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=50)
    return parser.parse_args()


# --- Setting up -----------------------------------------------------------------------------------


def set_environment(settings: str, site: str, database: str, cache: str) -> None:
    """Set the environment of this process and of the servers that it starts."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": settings,
        "ENV_FILE": os.devnull,
        "SECRET_KEY": Fernet.generate_key().decode(),
        "DEBUG": "0",
        "ALLOWED_HOSTS": "127.0.0.1",
        "PUBLIC_URL": site,
        "DATABASE_URL": database,
        "CACHE_URL": cache,
        "AZUREAD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "AZUREAD_ALLOW_STANDIN": "1",
    }
    sys.path.insert(0, str(ROOT))


def create_database(url: str, name: str) -> None:
    with psycopg.connect(url.replace("postgres://", "postgresql://"), autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}"')


def set_up(microsoft: StandIn, site: str, number: int) -> list[Person]:
    """Create a connection to a directory with this many people."""
    os.environ |= {
        "AZUREAD_LOGIN_URL": microsoft.url,
        "AZUREAD_GRAPH_URL": f"{microsoft.url}/graph",
    }
    import django

    django.setup()
    from django.core.cache import cache
    from django.core.management import call_command

    from azuread_connections.models import Application, Connection

    call_command("migrate", verbosity=0)
    cache.clear()
    directory = microsoft.add_directory("contoso.com")
    app = directory.add_app(redirect_uris=[f"{site}/login/callback"])
    connection = Connection.objects.create(
        name="contoso",
        domain="contoso.com",
        tenant_id=directory.tenant_id,
        client_id=app.client_id,
    )
    connection.pin(directory.tenant_id)
    connection.credentials.create(value=app.secrets[0].value)
    connection.applications.add(Application.objects.get(slug="default"))
    return [directory.add_person(f"Person {n}") for n in range(number)]


@contextmanager
def gunicorn(port: int) -> Iterator[tuple[int, Path]]:
    """Serve the site; yields the process ID of the master, and the log."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("w") as output:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gunicorn", "project.wsgi", "--bind"),
                    *(f"127.0.0.1:{port}", "--workers", str(WORKERS), "--worker-class", "gthread"),
                    *("--threads", str(THREADS), "--log-level", "warning"),
                ],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_for(port)
            yield process.pid, log
        finally:
            process.terminate()
            process.wait(30)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_for(port: int) -> None:
    for _ in range(300):
        try:
            requests.get(f"http://127.0.0.1:{port}/login/", timeout=10)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise LoadFailed("The server does not answer.")


# --- Signing in -----------------------------------------------------------------------------------


class Crowd:
    """People who sign in, and the outcomes."""

    def __init__(
        self, microsoft: StandIn, site: str, people: list[Person], servers: list[int]
    ) -> None:
        self.wrong: list[str] = []
        self.succeeded = 0
        self.broken = 0
        self.pages: Counter[str] = Counter()
        self.seen: set[str] = set()
        self._microsoft, self._site, self._people, self._servers = microsoft, site, people, servers
        self._lock = threading.Lock()
        self._sizes: dict[int, int] = {}
        self._seconds = 0.0

    def sign_in(self, number: int, at_once: int) -> None:
        """Let this many sign-ins happen; kill a worker when a third of them are done."""
        chance = random.Random(1)
        order = [chance.choice(self._people) for _ in range(number)]
        killed = False
        began = time.monotonic()
        with ThreadPoolExecutor(at_once) as pool, _cancelled_at_end(pool):
            for done, _ in enumerate(pool.map(self._until_signed_in, order), 1):
                if done >= number // 3 and not killed:
                    killed = True
                    os.kill(self._workers()[0], signal.SIGKILL)
                if done == number * 2 // 3:
                    self._sizes = {pid: resident(pid) for pid in self._workers()}
        self._seconds = time.monotonic() - began

    def _workers(self) -> list[int]:
        return [pid for server in self._servers for pid in workers_of(server)]

    def growth(self) -> int:
        """Return by how many bytes the worker that has grown most has grown, in the last third."""
        return max(resident(pid) - before for pid, before in self._sizes.items())

    def report(self) -> str:
        pages = ", ".join(f"{count} {code}" for code, count in self.pages.items()) or "none"
        return (
            f"{self.succeeded} sign-ins of {len(self.seen)} people in {self._seconds:.0f} s; "
            f"broken off by the killed worker: {self.broken}; pages to try again: {pages}"
        )

    def _until_signed_in(self, person: Person) -> None:
        for _ in range(ATTEMPTS):
            try:
                code = self._attempt(person)
            except requests.ConnectionError:
                with self._lock:
                    self.broken += 1
                continue
            except Exception as error:
                self.wrong.append(f"{type(error).__name__}: {error}")
                return
            if not code:
                with self._lock:
                    self.succeeded += 1
                    self.seen.add(person.object_id)
                return
            with self._lock:
                self.pages[code] += 1
            if code not in TRY_AGAIN:
                self.wrong.append(code)
                return
        self.wrong.append(f"not signed in after {ATTEMPTS} attempts")

    def _attempt(self, person: Person) -> str:
        """Sign in with a new browser; return "", or the code of the page on which it ended."""
        with requests.Session() as browser:
            start = get(browser, f"{self._site}/login/contoso/")
            if start.status_code != 302:
                return code_of(start)
            back = self._microsoft.sign_in(start.headers["Location"], person)
            answer = get(browser, back)
            if answer.status_code != 302:
                return code_of(answer)
            profile = get(browser, f"{self._site}/login/profile").json()
            if profile.get("object_id") != person.object_id:
                raise LoadFailed(f"{person.name} is {profile}")
        return ""


@contextmanager
def _cancelled_at_end(pool: ThreadPoolExecutor) -> Iterator[None]:
    """Let no task begin once the block has ended, also by a signal."""
    try:
        yield
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def get(browser: requests.Session, url: str) -> requests.Response:
    """Open an address. Raises ``ConnectionError`` where the server broke off, also if a load
    balancer says so."""
    response = browser.get(url, allow_redirects=False, timeout=60)
    if response.status_code in BROKEN_OFF and "data-error-code" not in response.text:
        raise requests.ConnectionError(f"HTTP {response.status_code}")
    return response


def code_of(response: requests.Response) -> str:
    found = re.search(r'data-error-code="(\w+)"', response.text)
    return found[1] if found else f"HTTP {response.status_code}"


def workers_of(master: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split()]


def resident(pid: int) -> int:
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


# --- The database afterwards ----------------------------------------------------------------------


def compare_with_database(crowd: Crowd) -> None:
    """Compare the database with what the browsers saw. In addition it can contain what a killed
    worker committed without responding.
    """
    from django.contrib.auth.models import User
    from django.contrib.sessions.models import Session
    from django.db.models import Sum

    from azuread_connections.models import Event, Identity

    events = Event.objects.filter(kind=Event.Kind.SIGNED_IN).count()
    failed = Event.objects.filter(kind=Event.Kind.SIGN_IN_FAILED)
    counts = {
        "users": User.objects.count(),
        "identities": Identity.objects.count(),
        "people with a user": Identity.objects.values("user").distinct().count(),
        "sign-ins in the log": events,
        "sessions": Session.objects.count(),
    }
    print(", ".join(f"{name}: {count}" for name, count in counts.items()))
    if set(list(counts.values())[:3]) != {len(crowd.seen)}:
        raise LoadFailed(f"{len(crowd.seen)} people have signed in.")
    if events != counts["sessions"]:
        raise LoadFailed("A sign-in is in the log without its session, or the other way round.")
    for count in (events, counts["sessions"]):
        if not crowd.succeeded <= count <= crowd.succeeded + crowd.broken:
            raise LoadFailed(f"{crowd.succeeded} sign-ins have succeeded.")
    logged = failed.aggregate(total=Sum("count"))["total"] or 0
    if logged != crowd.pages.total():
        raise LoadFailed(f"{crowd.pages.total()} pages were seen, and {logged} failures logged.")


if __name__ == "__main__":
    main()
