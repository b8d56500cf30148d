from __future__ import annotations

import gc
import logging
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.utils import translation

from azuread_connections import rate_limit
from azuread_connections.entra.cloud import CLOUDS
from azuread_connections.login.lookup import start_cache
from azuread_connections.models import Application, Connection, prepared, prepared_writes
from azuread_connections.testing import StandIn
from tests import replica as replicas
from tests.company import Company
from tests.keys import private_lines

pytest_plugins = ["azuread_connections.testing.plugin"]

# Those of the optional sub-apps run under settings of their own (`make test-provider`,
# `make test-scim`; tests/packages starts those of the metrics): all others run without the packages
# that these need.
collect_ignore = [
    name
    for name in ("provider", "scim", "metrics")
    if f"azuread_connections.{name}" not in django_settings.INSTALLED_APPS
]


#: What takes most of the time of the suite; `make test-fast` leaves it out. Single tests elsewhere
#: that take half a second or more of a processor have the marker `slow` themselves.
SLOW = (
    *("attacks", "concurrency", "faults", "fuzzing", "migrations", "packages", "sites", "testing"),
    *("admin/test_rights.py", "admin/test_odd_input.py", "admin/connection/test_edit_conflict.py"),
    *("entra/test_key_history.py", "entra/test_limits.py", "entra/test_metadata.py"),
    *("entra/test_transport.py", "test_benchmarks.py", "test_demo.py", "test_security_docs.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    paths = [Path(__file__).parent / name for name in SLOW]
    for item in items:
        if any(item.path.is_relative_to(path) for path in paths):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def _the_sites_language() -> Iterator[None]:
    """A request leaves its language active in the thread, also for the next test."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True, scope="session")
def _nobody_asks_microsoft_itself() -> Iterator[None]:
    """Its answer about contoso.com would differ from the tests', with or without a network."""
    look_up = socket.getaddrinfo

    def elsewhere(host: Any, *arguments: Any, **options: Any) -> Any:
        if "microsoft" in str(host):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", elsewhere)
        yield


@pytest.fixture(autouse=True)
def _no_start_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests edit rows by queryset, of which nothing is informed, and start at once."""
    start_cache.clear()
    monkeypatch.setattr(start_cache, "START_CACHE_TTL", 0.0)


@pytest.fixture(autouse=True)
def _limits_begin_with_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a test that runs over the end of a window, such as a quarter of an hour, gets two."""
    since_midnight = time.time() % 86_400
    shifted = SimpleNamespace(time=lambda: time.time() - since_midnight)
    monkeypatch.setattr(rate_limit, "time", shifted)


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


class _Heard(logging.Handler):
    """Keeps everything that is logged: messages, tracebacks, and the records' attributes."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        extra = record.__dict__.get("azuread", "")
        self.texts.append(f"{self.format(record)} {extra}")


#: A client secret as Azure and the factories make them, and a token (a JWT's header and the first
#: letters of its payload, both JSON objects: a random `state` can begin like one of them).
_SECRET_OR_TOKEN = re.compile(
    r"\w{3}8Q~[\w.~-]{6,}|eyJ[\w-]{10,}\.eyJ|-----BEGIN [A-Z ]*PRIVATE KEY"
)


_TESTS_OF_THE_STANDIN = Path(__file__).parent / "testing"


@pytest.fixture(autouse=True)
def _nothing_logged_gives_a_secret_away(request: pytest.FixtureRequest) -> Iterator[None]:
    """Assert in every test that no client secret, private key, token or code is logged."""
    # Set up before, so that it is still running when this reads its requests.
    entra = request.getfixturevalue("entra") if "entra" in request.fixturenames else None
    heard, root = _Heard(), logging.getLogger()
    if request.path.is_relative_to(_TESTS_OF_THE_STANDIN):
        # They act as the browser, and requests logs the addresses that it opens.
        heard.addFilter(lambda record: not record.name.startswith("urllib3"))
    level = root.level
    root.addHandler(heard)
    root.setLevel(logging.DEBUG)
    yield
    root.setLevel(level)
    root.removeHandler(heard)
    everything = "\n".join(heard.texts)
    assert not _SECRET_OR_TOKEN.findall(everything)
    assert not [value for value in _sent(entra) if value in everything]
    assert not [line for line in private_lines() if line in everything]


def _sent(entra: StandIn | None) -> set[str]:
    """The values sent to the stand-in that only Microsoft may see."""
    if entra is None:
        return set()
    forms = [seen.form for seen in entra.requests if seen.endpoint == "token"]
    return {
        form[name]
        for form in forms
        for name in ("client_secret", "client_assertion", "code", "code_verifier")
        if len(form.get(name, "")) > 8
    }


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    yield
    # The connections of threads that have ended are closed when they are collected, and PostgreSQL
    # drops no database that somebody is connected to.
    gc.collect()


@pytest.fixture(scope="session")
def live_server(django_db_setup: None, live_server: Any) -> Any:
    """Start it once the test database is SQLite's file.

    Earlier, it would treat the database as one in memory: all its threads would share one
    connection, which the first thread to end closes.
    """
    return live_server


@pytest.fixture
def nothing_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Django whose query compiler has changed: no query can be prepared."""

    def changed(*args: Any) -> Any:
        raise AttributeError("This Django compiles its queries in another way.")

    monkeypatch.setattr(prepared, "_compile_select", changed)
    for write in (prepared_writes.Insert, prepared_writes.Update):
        monkeypatch.setattr(write, "_compile", changed)
    # By type: isinstance would evaluate the lazy objects among these.
    for each in gc.get_objects():
        if type(each) in (prepared.Select, prepared_writes.Insert, prepared_writes.Update):
            monkeypatch.setattr(each, "_statements", {})


@pytest.fixture
def microsoft(entra: StandIn, settings: Any) -> StandIn:
    """The stand-in, with the site's settings pointed at it."""
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "LOGIN_URL": entra.url,
        "GRAPH_URL": f"{entra.url}/graph",
        "DNS_SERVERS": [entra.dns.address],
    }
    return entra


@pytest.fixture
def application(db: None) -> Application:
    return Application.objects.get(slug="default")


@pytest.fixture
def contoso(microsoft: StandIn, application: Application) -> Company:
    """A company with a person, whose connection is pinned and enabled for the application."""
    return Company.create(microsoft, application)


@pytest.fixture
def fabrikam(microsoft: StandIn, application: Application) -> Company:
    """A second one, under the v1.0 identity API."""
    return Company.create(
        microsoft,
        application,
        name="fabrikam",
        domain="fabrikam.com",
        person="Diego Siciliani",
        identity_api=Connection.IdentityAPI.V1,
    )


@pytest.fixture
def replica(db: None) -> Iterator[None]:
    """A second database for the routers of ``tests.replica``. Each read of it fails."""
    with replicas.configured():
        yield


@pytest.fixture
def governments_cloud(microsoft: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """US Government's and DoD's hosts, both served by the stand-in."""
    microsoft.cloud = "usgov"
    for name in ("usgov", "dod"):
        moved = CLOUDS[name].moved(login_url=microsoft.url, graph_url=f"{microsoft.url}/graph")
        monkeypatch.setitem(CLOUDS, name, moved)
