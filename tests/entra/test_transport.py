from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509

from azuread_connections.entra import deadline, pools
from azuread_connections.entra.deadline import reaching_only
from azuread_connections.entra.errors import (
    EntraError,
    MalformedResponse,
    TemporarilyUnavailable,
    Unreachable,
)
from azuread_connections.entra.transport import MAX_RESPONSE_BYTES, Response, Timeouts, Transport
from azuread_connections.testing import StandIn
from tests.entra.conftest import Serve
from tests.entra.forked import get_in_child
from tests.entra.raw_server import Wire, answering, response
from tests.tls import write_certificate

#: Short enough for a fast suite; each time-out takes at least this long.
HASTY = Timeouts(connect=0.3, read=0.2, total=0.4)
#: Maximum seconds for a request with these limits, on a busy machine.
HASTY_END = 1.5

KEYS = "/common/discovery/v2.0/keys"
TOKEN = "/common/oauth2/v2.0/token"
SECRET = "Q2b8Q~a-client-secret"


def seconds_to_fail(transport: Transport, url: str, match: str) -> float:
    started = time.monotonic()
    with pytest.raises(Unreachable, match=match):
        transport.get(url)
    return time.monotonic() - started


# --- One request ----------------------------------------------------------------------------------


def test_an_answer_is_its_status_and_its_body(transport: Transport, entra: StandIn) -> None:
    entra.fault("keys", status=418, body='{"a": 1}')
    assert transport.get(entra.url + KEYS) == Response(418, b'{"a": 1}')


def test_a_form_is_posted_as_a_form(transport: Transport, entra: StandIn) -> None:
    transport.post(entra.url + TOKEN, {"code": "a b&c=d", "name": "Zoë"})
    (request,) = entra.requests
    assert request.method == "POST"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.form == {"code": "a b&c=d", "name": "Zoë"}


def test_an_uncompressed_json_answer_is_requested(transport: Transport, entra: StandIn) -> None:
    transport.get(entra.url + KEYS)
    (request,) = entra.requests
    assert request.headers["Accept"] == "application/json"
    assert request.headers["Accept-Encoding"] == "identity"


def test_headers_go_with_one_request_and_not_with_the_next(
    transport: Transport, entra: StandIn
) -> None:
    transport.get(entra.url + KEYS, {"Authorization": "Bearer x", "ConsistencyLevel": "eventual"})
    transport.get(entra.url + KEYS)
    first, second = entra.requests
    assert first.headers["Authorization"] == "Bearer x"
    assert first.headers["ConsistencyLevel"] == "eventual"
    assert first.headers["Accept-Encoding"] == "identity"
    assert not {"Authorization", "ConsistencyLevel"} & set(second.headers)


@pytest.mark.parametrize(
    "body",
    [
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n4\r\n: 1}\r\n0\r\n\r\n',
        b'HTTP/1.1 200 OK\r\n\r\n{"a": 1}',
        b'HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 8\r\n\r\n{"a": 1}',
        b'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{"a": 1}',
    ],
    ids=["in chunks", "until the end of the connection", "with its encoding", "after a 100"],
)
def test_a_body_may_come_in_any_form_of_http(
    transport: Transport, serve: Serve, body: bytes
) -> None:
    assert transport.get(serve(answering(body)).url).json() == {"a": 1}


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 999999 OK\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 200 + b"\r\n{}",
    ],
    ids=lambda answer: ascii(answer[:48]),
)
def test_an_answer_that_breaks_off_or_is_not_http_is_unreachable(
    transport: Transport, serve: Serve, answer: bytes
) -> None:
    with pytest.raises(Unreachable, match=r"^127\.0\.0\.1:\d+ could not be reached \(\w+\)\.$"):
        transport.get(serve(answering(answer)).url)


# --- Redirects, cookies, passwords ----------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(
    transport: Transport, entra: StandIn, serve: Serve, status: int
) -> None:
    elsewhere = serve(answering(response()))
    for endpoint in ("keys", "token"):
        entra.fault(endpoint, status=status, redirect=f"{elsewhere.url}/stolen")
    with pytest.raises(MalformedResponse, match="a redirect or a compressed response"):
        transport.get(entra.url + KEYS)
    with pytest.raises(MalformedResponse, match="a redirect or a compressed response"):
        transport.post(entra.url + TOKEN, {"client_secret": SECRET})
    assert entra.count() == 2
    assert elsewhere.connections == 0


def test_no_cookie_is_kept(transport: Transport, entra: StandIn) -> None:
    cookie = {"Set-Cookie": "fpc=tracked; Path=/; HttpOnly"}
    entra.fault("keys", headers=cookie)
    entra.fault("token", headers=cookie)
    for _ in range(2):
        transport.get(entra.url + KEYS)
        transport.post(entra.url + TOKEN, {})
    assert entra.count() == 4
    assert not [request for request in entra.requests if "Cookie" in request.headers]


def test_no_password_is_taken_from_netrc(
    transport: Transport, entra: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (".netrc", "_netrc"):
        file = tmp_path / name
        file.write_text("machine 127.0.0.1 login me password mine\ndefault login a password b\n")
        file.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    transport.get(entra.url + KEYS)
    transport.post(entra.url + TOKEN, {})
    assert not [request for request in entra.requests if "Authorization" in request.headers]


def test_the_environments_proxy_is_the_way_out(
    transport: Transport, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(wire: Wire) -> None:
        wire.read_request()
        wire.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")

    proxy = serve(answer)
    for name in ("http_proxy", "no_proxy", "HTTP_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", proxy.url)
    assert transport.get("http://login.proxied.example/keys").status == 200
    assert proxy.requests[0].startswith(b"GET http://login.proxied.example/keys HTTP/1.1")
    # Read once: the environment of a running process does not change.
    monkeypatch.delenv("http_proxy")
    assert transport.get("http://login.proxied.example/other").status == 200


@pytest.mark.parametrize("asked", ["login.example", "login." + 64 * "x" + ".example"])
def test_what_can_be_no_host_is_unreachable_and_named(
    transport: Transport, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    """If the setting or the proxy is mistyped, the result is a page with a reference, not a
    traceback."""
    monkeypatch.setenv("https_proxy", "http://" + 64 * "x" + ":3128")
    with pytest.raises(Unreachable, match=f"{asked} could not be reached"):
        transport.get(f"https://{asked}/keys")


# --- Time limits ----------------------------------------------------------------------------------


def test_a_server_that_sends_nothing_times_out(entra: StandIn) -> None:
    entra.fault("keys", delay=5)
    took = seconds_to_fail(Transport(HASTY), entra.url + KEYS, "could not be reached")
    assert HASTY.read <= took < HASTY_END


def test_a_server_that_falls_silent_is_given_up(serve: Serve) -> None:
    def begin(wire: Wire) -> None:
        wire.read_request()
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")
        wire.hold()

    took = seconds_to_fail(Transport(HASTY), serve(begin).url, "ReadTimeoutError")
    assert HASTY.read <= took < HASTY_END


def test_a_dripping_answer_is_given_up_when_the_total_is_over(entra: StandIn) -> None:
    entra.fault("keys", drip=0.02)
    took = seconds_to_fail(Transport(HASTY), entra.url + KEYS, "took too long to answer")
    assert HASTY.total <= took < HASTY_END


def test_an_endless_answer_is_given_up_when_the_total_is_over(serve: Serve) -> None:
    def drip(wire: Wire) -> None:
        wire.read_request()
        wire.send(b"HTTP/1.1 200 OK\r\n\r\n")
        wire.drip(itertools.repeat(b" "), 0.02)

    took = seconds_to_fail(Transport(HASTY), serve(drip).url, "took too long to answer")
    assert HASTY.total <= took < HASTY_END


def test_headers_that_never_end_are_given_up(serve: Serve) -> None:
    """Each byte is in time: the limit between two bytes is never reached."""

    def drip(wire: Wire) -> None:
        wire.drip(itertools.chain([b"HTTP/1.1 200 OK\r\nX-Header: "], itertools.repeat(b"x")), 0.02)

    took = seconds_to_fail(Transport(HASTY), serve(drip).url, r"127\.0\.0\.1")
    assert took < 3 * HASTY.read + 1


def test_an_answer_within_the_limits_is_waited_for(entra: StandIn) -> None:
    entra.fault("keys", delay=0.1, body="{}", drip=0.1)
    limits = Timeouts(connect=1, read=1, total=2)
    assert Transport(limits).get(entra.url + KEYS) == Response(200, b"{}")


@pytest.fixture
def black_hole() -> Iterator[str]:
    """An address that does not answer a connect, as behind a firewall."""
    with ExitStack() as stack:
        # Nothing accepts here, and the accept queue is full.
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=1))
        for _ in range(8):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


def test_a_connect_that_nobody_answers_is_given_up(black_hole: str) -> None:
    took = seconds_to_fail(Transport(HASTY), black_hole, r"127\.0\.0\.1")
    assert HASTY.connect <= took < HASTY_END


# --- Size -----------------------------------------------------------------------------------------


def test_the_largest_answer_is_read(transport: Transport, entra: StandIn) -> None:
    entra.fault("keys", body=b"x" * MAX_RESPONSE_BYTES)
    assert len(transport.get(entra.url + KEYS).body) == MAX_RESPONSE_BYTES


def test_a_larger_answer_is_refused(transport: Transport, entra: StandIn) -> None:
    entra.fault("keys", body=b"x" * (MAX_RESPONSE_BYTES + 1))
    with pytest.raises(MalformedResponse, match="sent over 2097152 bytes"):
        transport.get(entra.url + KEYS)


def test_an_endless_answer_is_not_read_to_its_end(transport: Transport, serve: Serve) -> None:
    sent = 0

    def pour(wire: Wire) -> None:
        nonlocal sent
        wire.read_request()
        wire.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            wire.send(b"x" * 65536)
            sent += 65536

    with pytest.raises(MalformedResponse, match="sent over 2097152 bytes"):
        transport.get(serve(pour).url)
    # Plus what is in the system's buffers.
    assert sent < 8 * MAX_RESPONSE_BYTES


def test_a_compressed_answer_is_refused_and_never_unpacked(
    transport: Transport, entra: StandIn
) -> None:
    for encoding in ("gzip", "deflate", "br", "x-unknown", "gzip, identity"):
        body = gzip.compress(b'{"keys": []}')
        entra.fault("keys", body=body, headers={"Content-Encoding": encoding})
        with pytest.raises(MalformedResponse, match="a redirect or a compressed response"):
            transport.get(entra.url + KEYS)


# --- Microsoft is not there, or busy --------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_microsoft_is_unreachable(transport: Transport, entra: StandIn, status: int) -> None:
    entra.fault("token", status=status, headers={"Retry-After": "17"})
    with pytest.raises(Unreachable, match=rf"is unavailable for now \(status {status}\)") as caught:
        transport.post(entra.url + TOKEN, {})
    assert caught.value.retry_after == 17
    assert entra.count() == 1


@pytest.mark.parametrize(("aadsts", "status"), [(90024, 429), (90055, 503), (7000222, 503)])
def test_a_busy_microsoft_keeps_its_number(
    transport: Transport, entra: StandIn, aadsts: int, status: int
) -> None:
    entra.fault("token", aadsts=aadsts, status=status, headers={"Retry-After": "17"})
    with pytest.raises(TemporarilyUnavailable) as caught:
        transport.post(entra.url + TOKEN, {})
    error = caught.value
    assert (error.aadsts_code, error.retry_after) == (aadsts, 17)
    assert error.trace_id
    assert error.correlation_id


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"error": {"code": "TooManyRequests"}}', '{"error": "x"}']
)
def test_a_busy_service_without_a_number(transport: Transport, entra: StandIn, body: str) -> None:
    entra.fault("token", status=429, body=body)
    with pytest.raises(Unreachable, match="status 429") as caught:
        transport.post(entra.url + TOKEN, {})
    assert type(caught.value) is Unreachable


def test_a_busy_microsoft_may_not_say_how_long(transport: Transport, entra: StandIn) -> None:
    entra.fault("keys", status=503)
    with pytest.raises(Unreachable, match="status 503") as caught:
        transport.get(entra.url + KEYS)
    assert caught.value.retry_after is None


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        ("0", 0),
        ("99999", 99999),
        ("100000", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("²", None),
        ("Fri, 31 Dec 2027 23:59:59 GMT", None),
    ],
)
def test_only_sensible_seconds_are_passed_on(
    transport: Transport, entra: StandIn, sent: str, seconds: int | None
) -> None:
    entra.fault("token", status=429, headers={"Retry-After": sent})
    with pytest.raises(Unreachable) as caught:
        transport.post(entra.url + TOKEN, {})
    assert caught.value.retry_after == seconds


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500, 501])
def test_other_statuses_are_answers(transport: Transport, entra: StandIn, status: int) -> None:
    entra.fault("keys", status=status, body="{}")
    assert transport.get(entra.url + KEYS).status == status


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_refused_connection_is_unreachable(transport: Transport) -> None:
    with pytest.raises(Unreachable, match=r"could not be reached \(NewConnectionError\)"):
        transport.get(f"http://127.0.0.1:{free_port()}/")


def test_a_name_without_an_address_is_unreachable(transport: Transport) -> None:
    with pytest.raises(Unreachable, match=r"^login\.invalid could not be reached"):
        transport.get("http://login.invalid/common")


def test_plain_http_where_https_is_expected_is_unreachable(
    transport: Transport, serve: Serve
) -> None:
    server = serve(lambda wire: wire.send(response()))
    with pytest.raises(Unreachable, match=r"\(SSLError\)"):
        transport.get(server.url.replace("http:", "https:"))


# --- TLS ------------------------------------------------------------------------------------------


def test_a_certificate_that_nobody_vouches_for_is_refused(
    transport: Transport, serve: Serve, tls: ssl.SSLContext
) -> None:
    server = serve(answering(response()), tls)
    with pytest.raises(Unreachable, match=r"\(SSLError\)"):
        transport.post(server.url, {"client_secret": SECRET})
    assert server.requests == []


def test_an_authority_that_the_system_trusts_is_trusted(
    transport: Transport,
    serve: Serve,
    tls: ssl.SSLContext,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    server = serve(answering(response(), response()), tls)
    for _ in range(2):
        assert transport.get(server.url) == Response(200, b"{}")
    assert server.connections == 1


def test_authorities_are_read_once_for_all_connections(
    transport: Transport,
    serve: Serve,
    tls: ssl.SSLContext,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Reading about 140 certificates takes longer than the rest of a sign-in."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    made = []
    make = pools.create_urllib3_context
    monkeypatch.setattr(
        pools,
        "create_urllib3_context",
        lambda *args, **options: made.append(args) or make(*args, **options),
    )
    servers = [serve(answering(response()), tls) for _ in range(2)]
    for server in (*servers, servers[0]):
        assert transport.get(server.url) == Response(200, b"{}")
    assert [server.connections for server in servers] == [2, 1]
    assert len(made) == 1


def test_a_directory_of_authorities_is_trusted(
    transport: Transport,
    serve: Serve,
    tls: ssl.SSLContext,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    directory = certificate.parent / "authorities"
    directory.mkdir()
    pem = certificate.read_bytes()
    # OpenSSL finds a certificate by a hash of its subject: of that without its outermost header.
    subject = x509.load_pem_x509_certificate(pem).subject.public_bytes()[2:]
    name = hashlib.sha1(subject, usedforsecurity=False).digest()[3::-1].hex()
    (directory / f"{name}.0").write_bytes(pem)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(directory))
    assert transport.get(serve(answering(response()), tls).url) == Response(200, b"{}")


def test_authorities_that_are_renewed_count_at_once(
    transport: Transport,
    serve: Serve,
    tls: ssl.SSLContext,
    certificate: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A bundle can be renewed while a site runs, without a restart."""
    bundle, other = tmp_path / "bundle.pem", write_certificate(tmp_path / "other.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    server = serve(keep_answering, tls)
    for trusted, is_trusted in ((other, False), (certificate, True), (other, False)):
        # Another length each time, because the file's time may not have changed.
        bundle.write_bytes(trusted.read_bytes() + b"\n" * len(server.requests))
        if is_trusted:
            assert transport.get(server.url) == Response(200, b"{}")
        else:
            with pytest.raises(Unreachable, match="SSLError"):
                transport.get(server.url)
    assert len(server.requests) == 1


@pytest.mark.parametrize("is_trusted", [True, False])
def test_a_proxy_that_speaks_tls_is_trusted_by_the_same_authorities(
    transport: Transport,
    serve: Serve,
    tls: ssl.SSLContext,
    certificate: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_trusted: bool,
) -> None:
    other = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    other.load_cert_chain(write_certificate(tmp_path / "other.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    server = serve(answering(response()), tls)

    def pass_on(wire: Wire) -> None:
        port = int(wire.read_request().split()[1].rpartition(b":")[2])
        wire.send(b"HTTP/1.1 200 OK\r\n\r\n")
        wire.tunnel(port)

    proxy = serve(pass_on, tls if is_trusted else other)
    for name in ("https_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", proxy.url.replace("https://", "https://us:pw@"))
    if is_trusted:
        assert transport.get(server.url) == Response(200, b"{}")
        assert b"Proxy-Authorization" in proxy.requests[0]
        assert b"Proxy-Authorization" not in server.requests[0]
    else:
        with pytest.raises(Unreachable, match="ProxyError"):
            transport.get(server.url)
        assert not proxy.requests
        assert not server.requests


def test_authorities_that_are_not_there_are_said(
    transport: Transport, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
    with pytest.raises(Unreachable, match=r"could not be reached \(FileNotFoundError\)"):
        transport.get(serve(answering(response())).url.replace("http:", "https:"))


# --- How often a request is sent ------------------------------------------------------------------


def look_ups(
    monkeypatch: pytest.MonkeyPatch, *, failures: int
) -> list[str]:  # fmt: skip
    """Make the first name look-ups fail; return the list of all later ones."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: str, *arguments: Any, **options: Any) -> Any:
        asked.append(host)
        if len(asked) <= failures:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return real(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_connection_that_fails_once_is_tried_again(
    transport: Transport,
    serve: Serve,
    tls: ssl.SSLContext,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    server = serve(answering(response()), tls if scheme == "https" else None)
    asked = look_ups(monkeypatch, failures=1)
    assert transport.post(server.url, {"code": "1"}) == Response(200, b"{}")
    assert len(asked) == 2
    assert len(server.requests) == 1


def test_a_connection_that_fails_twice_is_given_up(
    transport: Transport, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(answering(response()))
    asked = look_ups(monkeypatch, failures=9)
    with pytest.raises(Unreachable):
        transport.post(server.url, {"code": "1"})
    assert len(asked) == 2
    assert server.connections == 0


@pytest.mark.parametrize(
    "ending",
    [
        b"",
        b"HTTP/1.1 2",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
        response(status="503 Service Unavailable"),
        response(b"{}", "Retry-After: 0", status="503 Service Unavailable"),
        response(b"{}", "Location: /again", status="307 Temporary Redirect"),
        response(b"{}", "Connection: close", status="408 Request Timeout"),
    ],
    ids=lambda ending: ascii(ending[:30]),
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_request_is_sent_once_whatever_becomes_of_it(
    transport: Transport, serve: Serve, ending: bytes, method: str
) -> None:
    server = serve(answering(ending))
    with suppress(EntraError):
        if method == "get":
            transport.get(server.url)
        else:
            transport.post(server.url, {"code": "spent at once"})
    server.wait_for_requests(1)
    assert len(server.requests) == 1
    assert server.connections == 1


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_request_that_is_not_answered_in_time_is_sent_once(serve: Serve, method: str) -> None:
    def read_only(wire: Wire) -> None:
        wire.read_request()
        wire.hold()

    server = serve(read_only)
    hasty = Transport(HASTY)
    with pytest.raises(Unreachable, match="could not be reached"):
        _ = hasty.get(server.url) if method == "get" else hasty.post(server.url, {"code": "1"})
    server.wait_for_requests(1)
    assert len(server.requests) == 1


def test_a_post_on_a_kept_connection_that_closes_without_an_answer_is_sent_once(
    transport: Transport, serve: Serve
) -> None:
    server = serve(answering(response(), b""))
    transport.get(server.url)
    with pytest.raises(Unreachable):
        transport.post(server.url, {"code": "spent at once"})
    server.wait_for_requests(2)
    assert len(server.requests) == 2
    assert server.connections == 1


# --- Connections ----------------------------------------------------------------------------------


def keep_answering(wire: Wire) -> None:
    while wire.read_request():
        wire.send(response())


def test_requests_one_after_another_use_one_connection(serve: Serve) -> None:
    server = serve(keep_answering)
    # A transport is made for every sign-in; the connections are the process's.
    for _ in range(3):
        made = Transport(Timeouts(connect=5, read=5, total=10))
        made.get(server.url)
        made.post(server.url, {"code": "1"})
    assert len(server.requests) == 6
    assert server.connections == 1


def test_a_kept_connection_that_microsoft_has_closed_costs_no_sign_in(
    transport: Transport, serve: Serve
) -> None:
    server = serve(answering(response()))
    for number in range(1, 4):
        assert transport.post(server.url, {"code": "1"}).status == 200
        assert server.connections == number
        time.sleep(0.05)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_connection_that_was_idle_for_long_is_not_used_again(
    transport: Transport,
    serve: Serve,
    tls: ssl.SSLContext,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
) -> None:
    """A router could have dropped it, and the code would be lost."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    server = serve(keep_answering, tls if scheme == "https" else None)
    now = time.monotonic()
    monkeypatch.setattr(deadline, "time", SimpleNamespace(monotonic=lambda: now))
    for idle, connections in ((0, 1), (99, 1), (99, 1), (100, 2), (1, 2)):
        now += idle
        transport.post(server.url, {"code": "1"})
        assert server.connections == connections
    assert len(server.requests) == 5


def test_each_thread_keeps_its_own_connections(transport: Transport, serve: Serve) -> None:
    everybody = threading.Barrier(20)

    def answer_when_all_are_here(wire: Wire) -> None:
        while wire.read_request():
            everybody.wait(5)
            wire.send(response())

    server = serve(answer_when_all_are_here)
    answers: list[Response] = []
    for _ in range(2):
        threads = [
            threading.Thread(target=lambda: answers.append(transport.get(server.url)))
            for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert answers == [Response(200, b"{}")] * 40
    assert server.connections == 20


def test_an_answer_that_was_cut_off_does_not_reach_the_next_request(
    transport: Transport, serve: Serve
) -> None:
    def first_too_much(wire: Wire) -> None:
        number = server.connections
        while wire.read_request():
            wire.send(response(b"x" * 2 * MAX_RESPONSE_BYTES if number == 1 else b"{}"))

    server = serve(first_too_much)
    with pytest.raises(MalformedResponse):
        transport.get(server.url)
    assert transport.get(server.url) == Response(200, b"{}")
    assert server.connections == 2


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_opens_its_own_connections(transport: Transport, serve: Serve) -> None:
    server = serve(keep_answering)
    transport.get(server.url)
    assert get_in_child(transport, server.url)
    assert server.connections == 2
    transport.get(server.url)
    assert len(server.requests) == 3
    assert server.connections == 2


# --- What errors say ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        {"close": True},
        {"delay": 3},
        {"drip": 0.02},
        {"status": 503},
        {"redirect": f"https://evil.example/?code={SECRET}"},
        {"headers": {"Content-Encoding": "gzip"}},
        {"body": b"x" * (MAX_RESPONSE_BYTES + 1)},
        {"body": f"<html>{SECRET}</html>"},
        {"body": f'["{SECRET}"]'},
    ],
    ids=lambda fault: ascii(fault)[:30],
)
def test_an_errors_text_names_the_host_at_most(entra: StandIn, fault: dict[str, Any]) -> None:
    entra.fault("token", **fault)
    url = f"{entra.url}{TOKEN}?q=in-the-query"
    with pytest.raises(EntraError) as caught:
        Transport(HASTY).post(url, {"client_secret": SECRET}).json()
    for text in (str(caught.value), repr(caught.value)):
        assert "in-the-query" not in text
        assert "/common" not in text
        assert SECRET not in text
    # Not even a log of the whole chain of errors shows what was posted.
    assert SECRET not in "".join(traceback.format_exception(caught.value))


# --- JSON -----------------------------------------------------------------------------------------


def test_a_json_object_is_read() -> None:
    assert Response(200, b'{"a": [1, "\xc3\xab"]}').json() == {"a": [1, "ë"]}


@pytest.mark.parametrize(
    "body",
    [b"", b"<html></html>", b"{", b"{'a': 1}", b"\xff\xfe\xfd", b'{"a": "\xff"}'],
    ids=ascii,
)
def test_a_body_that_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises(
        MalformedResponse, match=r"^Microsoft answered with status 500 and invalid JSON\.$"
    ):
        Response(500, body).json()


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"1" * 100_000])
def test_json_that_goes_too_far_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedResponse, match="invalid JSON"):
        Response(200, body).json()


@pytest.mark.parametrize("value", [None, True, 1, 1.5, "text", [], [{"a": 1}]])
def test_json_that_is_not_an_object_is_malformed(value: object) -> None:
    with pytest.raises(MalformedResponse, match="JSON that is not an object"):
        Response(200, json.dumps(value).encode()).json()


def test_only_allowed_addresses_are_connected_to(transport: Transport, entra: StandIn) -> None:
    """Also where a connection is open."""
    transport.get(entra.url + KEYS)
    with reaching_only(lambda address: address != "127.0.0.1"), pytest.raises(Unreachable):
        transport.get(entra.url + KEYS)
    assert entra.count() == 1
    with reaching_only(lambda address: address == "127.0.0.1"):
        assert transport.get(entra.url + KEYS).status == 200
