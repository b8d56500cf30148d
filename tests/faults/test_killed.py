"""A worker killed during a sign-in: nothing is half-written, and another worker continues."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection

from azuread_connections.models import Connection, Event, Identity
from azuread_connections.testing import StandIn
from tests.company import Company
from tests.entra.test_transport import free_port
from tests.faults.callback import assert_nobody_came_in

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
#: Seconds for a process to start, on a busy machine.
PATIENCE = 30


class Worker:
    """A worker process of the site, and a browser at it."""

    def __init__(self, microsoft: StandIn, port: int, moment: str = "never") -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.site", str(port), moment],
            cwd=ROOT,
            env=os.environ
            | {
                "DATABASE_URL": database_url(),
                "AZUREAD_LOGIN_URL": microsoft.url,
                "AZUREAD_GRAPH_URL": microsoft.graph_url,
            },
            stdout=subprocess.PIPE,
            text=True,
        )
        self.wait_for("ready")

    def wait_for(self, line: str) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == line

    def kill(self) -> None:
        """SIGKILL: no handler runs, and nothing is cleaned up."""
        self.process.kill()
        self.process.communicate(timeout=PATIENCE)


@contextmanager
def worker(microsoft: StandIn, port: int, moment: str = "never") -> Iterator[Worker]:
    started = Worker(microsoft, port, moment)
    try:
        yield started
    finally:
        started.kill()


def database_url() -> str:
    """The test database, as another process finds it."""
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    scheme = {"postgresql": "postgres", "mysql": "mysql"}[connection.vendor]
    login = f"{quote(found['USER'])}:{quote(found['PASSWORD'])}"
    return f"{scheme}://{login}@{found['HOST']}:{found['PORT']}/{found['NAME']}"


@pytest.fixture
def port(contoso: Company) -> int:
    """The port on which the worker listens, and to which Microsoft redirects."""
    chosen = free_port()
    contoso.app.redirect_uris.append(f"http://127.0.0.1:{chosen}/login/callback")
    return chosen


@dataclass(frozen=True)
class Page:
    status: int
    location: str
    text: str


class Browser:
    """Keeps cookies and follows no redirect. It does not use requests, which logs addresses with
    codes."""

    def __init__(self) -> None:
        self._cookies: dict[str, str] = {}

    def get(self, url: str) -> Page:
        address = urlsplit(url)
        with closing(HTTPConnection(address.netloc, timeout=PATIENCE)) as connected:
            sent = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
            path = f"{address.path}?{address.query}"
            connected.request("GET", path, headers={"Cookie": sent} if sent else {})
            answer = connected.getresponse()
            for header in answer.headers.get_all("Set-Cookie", []):
                self._keep(SimpleCookie(header))
            return Page(answer.status, answer.headers["Location"], answer.read().decode())

    def _keep(self, cookies: SimpleCookie) -> None:
        for name, morsel in cookies.items():
            self._cookies[name] = morsel.value
            if morsel["max-age"] == "0":
                del self._cookies[name]


def come_back(company: Company, site: str) -> tuple[Browser, Callable[[], Page]]:
    """A browser about to return from Microsoft, and the function that sends its request."""
    browser = Browser()
    begun = browser.get(f"{site}/login/contoso/")
    callback_url = company.microsoft.sign_in(begun.location, company.person)
    assert urlsplit(callback_url).netloc == urlsplit(site).netloc
    return browser, lambda: browser.get(callback_url)


def sign_in(company: Company, site: str) -> None:
    browser, send = come_back(company, site)
    assert send().status == 302
    profile = json.loads(browser.get(f"{site}/login/profile").text)
    assert profile["object_id"] == company.person.object_id


def assert_signed_in_once() -> None:
    assert (User.objects.count(), Identity.objects.count()) == (1, 1)
    assert Session.objects.count() == 1
    assert Event.objects.filter(kind=Event.Kind.SIGNED_IN).count() == 1


@pytest.mark.parametrize("held", ["token", "me"])
def test_killed_while_microsoft_is_asked(contoso: Company, port: int, held: str) -> None:
    """Nothing is stored yet; during Graph's request the code has been redeemed already."""
    Connection.objects.update(extended_profile=True)
    contoso.microsoft.fault(held, delay=4)
    with worker(contoso.microsoft, port) as first:
        _, send = come_back(contoso, first.url)
        with ThreadPoolExecutor(1) as pool:
            sending = pool.submit(send)
            wait_until(lambda: contoso.microsoft.count(held) == 1)
            first.kill()
            with pytest.raises(ConnectionError):
                sending.result(timeout=PATIENCE)
    assert_nobody_came_in()
    with worker(contoso.microsoft, port) as second:
        if held == "me":
            assert_reload_says_try_again(send)
        sign_in(contoso, second.url)
    assert_signed_in_once()


@pytest.mark.parametrize("moment", ["user made", "session made"])
def test_killed_before_the_commit(contoso: Company, port: int, moment: str) -> None:
    with worker(contoso.microsoft, port, moment) as first:
        _, send = come_back(contoso, first.url)
        kill_in_the_middle(first, send)
    assert_nobody_came_in()
    with worker(contoso.microsoft, port) as second:
        assert_reload_says_try_again(send)
        sign_in(contoso, second.url)
    assert_signed_in_once()


def test_killed_after_the_commit(contoso: Company, port: int) -> None:
    """The browser never gets its session cookie. The person signs in again as the same user."""
    with worker(contoso.microsoft, port, "committed") as first:
        _, send = come_back(contoso, first.url)
        kill_in_the_middle(first, send)
    assert_signed_in_once()
    user = User.objects.get()
    with worker(contoso.microsoft, port) as second:
        assert_reload_says_try_again(send)
        sign_in(contoso, second.url)
    assert User.objects.get() == user
    assert Identity.objects.get().user == user


def kill_in_the_middle(process: Worker, send: Callable[[], Page]) -> None:
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(send)
        process.wait_for("now")
        process.kill()
        with pytest.raises(ConnectionError):
            sending.result(timeout=PATIENCE)


def assert_reload_says_try_again(send: Callable[[], Page]) -> None:
    """The code was redeemed, or the transaction is marked as used."""
    page = send()
    assert page.status == 400
    assert 'data-error-code="transaction_expired"' in page.text
    assert "Try again" in page.text


def wait_until(condition: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)
