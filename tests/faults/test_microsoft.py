"""Microsoft fails: the right page in time, nothing half-written, and recovery."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User

from azuread_connections.entra import metadata
from azuread_connections.microsoft import client as our_microsoft
from azuread_connections.models import Connection, Event
from tests.company import Company
from tests.entra.conftest import Serve, certificate, serve, tls  # noqa: F401 - fixtures
from tests.entra.raw_server import answering, response
from tests.entra.test_transport import black_hole, free_port  # noqa: F401 - a fixture
from tests.faults.callback import (
    HASTY,
    LIMITS,
    Limits,
    assert_failed,
    assert_recovers,
    browser,
    come_back,
    forget_everybody,
    in_time,
)

pytestmark = pytest.mark.django_db

HTML = "text/html; charset=utf-8"
MEGABYTE = 1024 * 1024
TEN_MINUTES = 600

ERROR = (502, "microsoft_error")
UNREACHABLE = (503, "microsoft_unreachable")


@dataclass(frozen=True)
class Fault:
    """What an endpoint does instead of its normal work, the resulting page, and its Retry-After."""

    name: str
    orders: dict[str, Any]
    page: tuple[int, str]
    retry_after: str | None = None

    @property
    def limits(self) -> Limits:
        return HASTY if {"delay", "drip"} & self.orders.keys() else LIMITS


#: Faults of any of Microsoft's endpoints.
ANYWHERE = (
    Fault("hangs", {"delay": 3}, UNREACHABLE, "30"),
    Fault("hangs up", {"close": True}, UNREACHABLE, "30"),
    Fault("drips its body", {"drip": 0.1, "body": "{}" * 60}, UNREACHABLE, "30"),
    Fault("429", {"status": 429}, UNREACHABLE, "30"),
    Fault("429 for 17 s", {"status": 429, "headers": {"Retry-After": "17"}}, UNREACHABLE, "17"),
    Fault("503", {"status": 503}, UNREACHABLE, "30"),
    Fault("503 for 17 s", {"status": 503, "headers": {"Retry-After": "17"}}, UNREACHABLE, "17"),
    Fault(
        "503 until a date",
        {"status": 503, "headers": {"Retry-After": "Fri, 31 Dec 2027 23:59:59 GMT"}},
        UNREACHABLE,
        "30",
    ),
    Fault("504", {"status": 504}, UNREACHABLE, "30"),
    Fault("500 with HTML", {"status": 500, "content_type": HTML}, ERROR),
    Fault("200 with HTML", {"body": "<html>Sign in to the Wi-Fi</html>"}, ERROR),
    Fault("204 without a body", {"status": 204, "body": ""}, ERROR),
    Fault("a list", {"body": "[]"}, ERROR),
    Fault("null", {"body": "null"}, ERROR),
    Fault("an empty object", {"body": "{}"}, ERROR),
    Fault("half an object", {"body": '{"keys": [{"kid": "'}, ERROR),
    Fault("objects 100,000 deep", {"body": '{"a":' * 100_000}, ERROR),
    Fault("bytes that are no text", {"body": b"\xff\xfe\x00"}, ERROR),
    Fault("10 MB", {"body": b"[" + b"1," * (5 * MEGABYTE) + b"1]"}, ERROR),
    Fault("a redirect elsewhere", {"redirect": "http://127.0.0.1:9/"}, ERROR),
    Fault("a redirect to itself", {"redirect": "?", "status": 307}, ERROR),
    Fault("compressed", {"body": "{}", "headers": {"Content-Encoding": "gzip"}}, ERROR),
)

#: One of each kind, for tests in which only the kind matters.
KINDS = tuple(
    fault
    for fault in ANYWHERE
    if fault.name in {"hangs", "drips its body", "503", "500 with HTML", "a list", "10 MB"}
)

#: Responses that look valid.
TOKEN_ONLY = (
    Fault("an error of odd types", {"body": '{"error": ["x"], "error_codes": "7"}'}, ERROR),
    Fault("no access token", {"body": '{"id_token": "a.b.c"}'}, ERROR),
    Fault("tokens that are numbers", {"body": '{"id_token": 1, "access_token": 2}'}, ERROR),
    Fault(
        "an ID token that is none",
        {"body": '{"id_token": "a.b.c", "access_token": "x"}'},
        (502, "id_token_invalid"),
    ),
    Fault("its own error", {"aadsts": 700016}, ERROR),
    Fault("its own passing trouble", {"aadsts": 90033}, UNREACHABLE, "30"),
)
KEYS_ONLY = (
    Fault("no keys", {"body": '{"keys": []}'}, ERROR),
    Fault("keys of odd types", {"body": '{"keys": [1, null, {"kid": 7, "kty": "RSA"}]}'}, ERROR),
    Fault("keys that are no list", {"body": '{"keys": {"kid": "x"}}'}, ERROR),
)
DISCOVERY_ONLY = (
    Fault("no directory", {"body": '{"issuer": "x", "token_endpoint": "y"}'}, ERROR),
    Fault("odd types", {"body": '{"issuer": 1, "token_endpoint": []}'}, ERROR),
    Fault("unknown domain", {"aadsts": 90002}, ERROR),
)

BY_ENDPOINT = [
    pytest.param(endpoint, fault, id=f"{endpoint}: {fault.name}")
    for endpoint, own in (("token", TOKEN_ONLY), ("keys", KEYS_ONLY), ("discovery", DISCOVERY_ONLY))
    for fault in (*ANYWHERE, *own)
]


@pytest.mark.parametrize(("endpoint", "fault"), BY_ENDPOINT)
def test_each_fault_of_each_endpoint_with_a_cold_cache(
    contoso: Company, endpoint: str, fault: Fault
) -> None:
    if endpoint == "discovery":
        Connection.objects.update(tenant_id="")
    client = browser()
    contoso.microsoft.fault(endpoint, times=None, **fault.orders)
    failed = come_back(contoso, client, limits=fault.limits)
    assert_failed(failed, *fault.page)
    assert failed.headers.get("Retry-After") == fault.retry_after
    # No code and no request is sent twice.
    assert contoso.microsoft.count(endpoint) == 1

    contoso.microsoft.clear_faults()
    assert_recovers(contoso, client, failed)


@pytest.mark.parametrize("fault", [*KINDS, *KEYS_ONLY], ids=lambda fault: fault.name)
@pytest.mark.parametrize("age", ["fresh", "old"])
def test_known_keys_serve_while_new_ones_cannot_be_had(
    contoso: Company, fault: Fault, age: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    contoso.sign_in(browser())
    if age == "old":
        monkeypatch.setattr(metadata, "REFRESH_INTERVAL", -1)
    contoso.microsoft.fault("keys", times=None, **fault.orders)
    assert come_back(contoso, browser(), limits=fault.limits).status_code == 302
    assert contoso.microsoft.count("keys") == (1 if age == "fresh" else 2)


def test_a_pinned_directory_is_not_looked_up(contoso: Company) -> None:
    contoso.microsoft.fault("discovery", times=None, status=503)
    assert come_back(contoso, browser()).status_code == 302
    assert contoso.microsoft.count("discovery") == 0


# Graph


@pytest.fixture
def members(contoso: Company) -> Company:
    """A company whose profiles and groups are read, and whose person is in the group Staff."""
    contoso.app.grant(contoso.directory, delegated=["User.Read", "GroupMember.Read.All"])
    contoso.directory.add_group("Staff", members=[contoso.person])
    Connection.objects.update(extended_profile=True, security_groups=True)
    return contoso


@pytest.mark.parametrize("fault", KINDS, ids=lambda fault: fault.name)
@pytest.mark.parametrize("endpoint", ["me", "groups"])
def test_without_graph_people_come_in_with_what_the_id_token_says(
    members: Company, endpoint: str, fault: Fault
) -> None:
    members.microsoft.fault(endpoint, times=None, **fault.orders)
    assert come_back(members, browser(), limits=fault.limits).status_code == 302
    kind = "profile_incomplete" if endpoint == "me" else "groups_incomplete"
    assert Event.objects.filter(kind=kind).exists()
    assert User.objects.get().get_username() == members.person.upn


@pytest.mark.parametrize("fault", KINDS, ids=lambda fault: fault.name)
def test_without_groups_nobody_signs_in_where_membership_is_required(
    members: Company, fault: Fault
) -> None:
    [staff] = members.directory.groups
    members.connection.group_mappings.create(directory_group_id=staff.object_id, admits=True)
    client = browser()
    members.microsoft.fault("groups", times=None, **fault.orders)
    failed = come_back(members, client, limits=fault.limits)
    assert_failed(failed, *UNREACHABLE)
    members.microsoft.clear_faults()
    assert_recovers(members, client, failed)


# Below HTTP


@pytest.fixture
def nowhere(
    request: pytest.FixtureRequest,
    serve: Serve,  # noqa: F811
    black_hole: str,  # noqa: F811
    tls: ssl.SSLContext,  # noqa: F811
) -> str:
    """An address in place of Microsoft's at which nothing answers."""
    silent = serve(lambda wire: wire.hold())
    addresses = {
        "nobody listens": f"http://127.0.0.1:{free_port()}",
        "no answer to a connect": black_hole.rstrip("/"),
        "the name has no address": "https://login.invalid",
        "a certificate that nobody vouches for": serve(answering(response()), tls).url,
        "no TLS where it should be": serve(answering(response())).url.replace("http:", "https:"),
        "a TLS handshake that never ends": silent.url.replace("http:", "https:"),
        "no HTTP": serve(answering(b"SSH-2.0-OpenSSH_9.2\r\n")).url,
    }
    return addresses[request.param]


@pytest.mark.parametrize(
    "nowhere",
    [
        "nobody listens",
        "no answer to a connect",
        "the name has no address",
        "a certificate that nobody vouches for",
        "no TLS where it should be",
        "a TLS handshake that never ends",
        "no HTTP",
    ],
    indirect=True,
)
def test_each_fault_below_http(contoso: Company, settings: Any, nowhere: str) -> None:
    client = browser()

    def move() -> None:
        settings.AZUREAD_CONNECTIONS |= {"LOGIN_URL": nowhere}

    failed = come_back(contoso, client, before=move, limits=HASTY)
    assert_failed(failed, *UNREACHABLE)
    settings.AZUREAD_CONNECTIONS |= {"LOGIN_URL": contoso.microsoft.url}
    assert_recovers(contoso, client, failed)


def test_a_name_service_that_is_down(contoso: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any, **options: Any) -> Any:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    client = browser()
    contoso.microsoft.stop()  # this also drops the kept connections
    contoso.microsoft.start()
    callback_url = contoso.microsoft.sign_in(contoso.start(client), contoso.person)
    with monkeypatch.context() as down, in_time():
        down.setattr(socket, "getaddrinfo", fail)
        failed = client.get(callback_url)
    assert_failed(failed, *UNREACHABLE)
    assert_recovers(contoso, client, failed)


def test_microsoft_away_and_back_at_the_same_address(contoso: Company) -> None:
    client = browser()
    failed = come_back(contoso, client, before=contoso.microsoft.stop)
    assert_failed(failed, *UNREACHABLE)
    contoso.microsoft.start()
    assert_recovers(contoso, client, failed)


# Time


@contextmanager
def clock_off(company: Company, seconds: float) -> Iterator[None]:
    right = company.microsoft.clock
    company.microsoft.clock = lambda: time.time() + seconds
    try:
        yield
    finally:
        company.microsoft.clock = right


def test_a_clock_ten_minutes_slow_takes_tokens_for_forged_until_it_is_set(
    contoso: Company,
) -> None:
    """Then Microsoft's tokens seem to come from the future."""
    client = browser()
    with clock_off(contoso, TEN_MINUTES):
        failed = come_back(contoso, client)
        event = assert_failed(failed, 502, "id_token_invalid")
    assert "iat" in event.message or "nbf" in event.message
    assert_recovers(contoso, client, failed)


@pytest.mark.parametrize("off", [-TEN_MINUTES, -90, 90], ids="{} s".format)
def test_a_clock_that_is_fast_or_little_off_shuts_nobody_out(contoso: Company, off: float) -> None:
    """A token is valid for an hour, with two minutes of leeway."""
    with clock_off(contoso, off):
        assert come_back(contoso, browser()).status_code == 302


# Keys


@pytest.fixture
def a_minute_later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let a minute pass for the keys: those just fetched are not requested again."""

    def pass_time() -> None:
        later = partial(metadata.SigningKeys, clock=lambda: time.time() + 60)
        monkeypatch.setattr(our_microsoft, "SigningKeys", later)

    return pass_time


@pytest.mark.parametrize("keep_old", [True, False], ids=["a new one", "old ones withdrawn"])
def test_keys_rolled_while_somebody_signs_in_go_unnoticed(
    contoso: Company, keep_old: bool, a_minute_later: Callable[[], None]
) -> None:
    contoso.sign_in(browser())
    a_minute_later()
    rolled = come_back(
        contoso, browser(), before=lambda: contoso.microsoft.rotate_keys(keep_old=keep_old)
    )
    assert rolled.status_code == 302
    assert contoso.microsoft.count("keys") == 2


def test_keys_rolled_between_signing_and_fetching(contoso: Company) -> None:
    """The token names a key that has been withdrawn when it is looked up."""
    client = browser()
    contoso.microsoft.tamper_token_response(
        lambda document: [contoso.microsoft.rotate_keys(keep_old=False), document][1]
    )
    failed = come_back(contoso, client)
    assert_failed(failed, 502, "id_token_invalid")
    assert_recovers(contoso, client, failed)


def test_keys_rolled_while_they_cannot_be_fetched(
    contoso: Company, a_minute_later: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    contoso.sign_in(browser())
    forget_everybody()
    a_minute_later()
    contoso.microsoft.rotate_keys()
    # The half minute until they are requested again.
    monkeypatch.setattr(metadata, "RETRY_INTERVAL", 0)
    contoso.microsoft.fault("keys", times=None, status=503)
    client = browser()
    failed = come_back(contoso, client)
    assert_failed(failed, *UNREACHABLE)
    contoso.microsoft.clear_faults()
    assert_recovers(contoso, client, failed)
