"""Limits that apply whatever a server does: time, size, and the form of a response."""

from __future__ import annotations

import gzip
import itertools
import socket
import time
from typing import Any

import pytest

from azuread_connections.entra.credentials import SecretCredential
from azuread_connections.entra.errors import (
    CodeNotAccepted,
    EntraError,
    IdTokenInvalid,
    MalformedResponse,
    MicrosoftError,
    Unreachable,
)
from azuread_connections.entra.metadata import SigningKeys
from azuread_connections.entra.transport import MAX_RESPONSE_BYTES, Secret, Transport
from azuread_connections.testing import StandIn
from tests.entra.raw_server import Wire, answering, response
from tests.entra.test_id_token import access_token, all_of, attempt, claims, finished
from tests.entra.test_metadata import DAY, HOUR, contoso, keys, signing_kid, together, url  # noqa: F401
from tests.entra.test_tokens import exchange  # noqa: F401
from tests.entra.test_transport import HASTY, HASTY_END, KEYS, Serve, black_hole, seconds_to_fail  # noqa: F401

# GET 429/503 with Retry-After loses the seconds (urllib3 treats them as its own retry)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_microsofts_retry_after_reaches_the_caller_of_get(
    transport: Transport, entra: StandIn, status: int
) -> None:
    entra.fault("keys", status=status, headers={"Retry-After": "17"})
    with pytest.raises(Unreachable, match=rf"\(status {status}\)") as caught:
        transport.get(entra.url + KEYS)
    assert caught.value.retry_after == 17
    assert entra.count() == 1


def test_status_413_with_retry_after_is_an_answer(transport: Transport, entra: StandIn) -> None:
    entra.fault("keys", status=413, body="{}", headers={"Retry-After": "17"})
    assert transport.get(entra.url + KEYS).status == 413


# A redirect's body escapes every limit, and its Location can crash


@pytest.mark.parametrize(
    "location", ["http://[bad", "http://\xff\xfe/", "http://a:b:c/", "\x00", "//", ""], ids=ascii
)
def test_a_redirect_to_nonsense_is_malformed(
    transport: Transport, serve: Serve, location: str
) -> None:
    server = serve(answering(response(b"{}", f"Location: {location}", status="302 Found")))
    with pytest.raises(MalformedResponse):
        transport.get(server.url)


def test_a_redirects_body_is_not_unpacked(transport: Transport, entra: StandIn) -> None:
    entra.fault(
        "keys",
        status=302,
        body=gzip.compress(b"{}"),
        headers={"Location": "/x", "Content-Encoding": "gzip"},
    )
    with pytest.raises(MalformedResponse):
        transport.get(entra.url + KEYS)


def test_a_redirects_endless_body_is_not_read(transport: Transport, serve: Serve) -> None:
    sent = 0

    def pour(wire: Wire) -> None:
        nonlocal sent
        wire.read_request()
        wire.send(b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n")
        while sent < 32 * MAX_RESPONSE_BYTES:
            wire.send(b"x" * 65536)
            sent += 65536

    with pytest.raises(MalformedResponse):
        transport.get(serve(pour).url)
    assert sent < 8 * MAX_RESPONSE_BYTES


def test_a_redirects_dripping_body_is_given_up_when_the_total_is_over(serve: Serve) -> None:
    def drip(wire: Wire) -> None:
        wire.read_request()
        wire.send(b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n")
        wire.drip([b" "] * 100, 0.02)

    started = time.monotonic()
    with pytest.raises(EntraError):
        Transport(HASTY).get(serve(drip).url)
    assert time.monotonic() - started < HASTY_END


# The total limit does not cover headers, chunk sizes, trailers, 1xx, connects


@pytest.mark.parametrize(
    ("start", "pieces"),
    [
        (b"HTTP/1.1 200 OK\r\nX: ", itertools.repeat(b"x", 100)),
        (b"HTTP/1.1 200 OK\r\n", itertools.repeat(b"X: x\r\n", 100)),
        (b"", itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n", 100)),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", itertools.repeat(b"0", 100)),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n",
            itertools.repeat(b"X: x\r\n", 100),
        ),
    ],
    ids=["a header", "headers", "100 Continue", "a chunk's size", "trailers"],
)
def test_whatever_drips_is_given_up_when_the_total_is_over(
    serve: Serve, start: bytes, pieces: Any
) -> None:
    def drip(wire: Wire) -> None:
        wire.read_request()
        wire.send(start)
        wire.drip(pieces, 0.02)

    took = seconds_to_fail(Transport(HASTY), serve(drip).url, "127.0.0.1")
    assert HASTY.total <= took < HASTY_END


def test_many_dead_addresses_of_one_name_take_no_longer_than_the_total(
    black_hole: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port = int(black_hole.rstrip("/").rpartition(":")[2])
    found = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))
    # login.microsoftonline.com has eight addresses of each family.
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: [found] * 8)
    took = seconds_to_fail(Transport(HASTY), "http://login.test/", r"login\.test")
    assert took < HASTY_END


# No cached keys while Microsoft hangs: every thread waits for those before it


def test_while_microsoft_hangs_no_thread_waits_for_another_ones_time_limit(
    cache: Any,
    clock: Any,
    entra: StandIn,
    url: str,
) -> None:
    entra.fault("keys", delay=3, times=None)

    def find() -> Any:
        return SigningKeys(Transport(HASTY), cache, clock).find(url, "any")

    started = time.monotonic()
    assert together(8, find) == ["Unreachable"] * 8
    assert time.monotonic() - started < 4 * HASTY.read


# Old keys, Microsoft down, unknown kid: two requests in one sign-in


def test_an_unknown_key_costs_one_request_while_microsoft_is_down(
    keys: SigningKeys,
    url: str,
    entra: StandIn,
    clock: Any,
) -> None:
    keys.find(url, signing_kid(entra))
    clock.advance(DAY)
    entra.fault("keys", status=503, times=None)
    with pytest.raises(EntraError):
        keys.find(url, "new")
    assert entra.count("keys") == 2


# A key set without one usable number replaces the good one


@pytest.mark.parametrize("change", [{"n": ""}, {"n": "not base64url!"}, {"e": "AQ"}], ids=repr)
def test_an_answer_whose_only_key_is_broken_keeps_the_last_good_keys(
    keys: SigningKeys,
    url: str,
    entra: StandIn,
    clock: Any,
    change: dict[str, str],
) -> None:
    import json

    kid = signing_kid(entra)
    keys.find(url, kid)
    clock.advance(HOUR)
    body = json.dumps({"keys": [{**entra.public_jwk(), "kid": "broken", **change}]})
    entra.fault("keys", body=body, times=None)
    with pytest.raises(EntraError):
        keys.find(url, "broken")
    assert keys.find(url, kid).key_id == kid


# A lone surrogate in place of a token crashes the validation


def test_a_signature_with_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(IdTokenInvalid):
        attempt(finished(lambda token: f"{token[:-1]}\ud800")).validate()


def test_an_access_token_with_a_lone_surrogate_is_refused_where_its_hash_is_checked() -> None:
    with pytest.raises(IdTokenInvalid):
        attempt(all_of(access_token("\ud800"), claims(at_hash="x"))).validate()


# Errors


@pytest.mark.parametrize("code", [500112, 700025])
def test_invalid_client_that_is_not_about_the_secret_rejects_no_secret(code: int) -> None:
    answer = {"error": "invalid_client", "error_description": f"AADSTS{code}: text"}
    assert type(MicrosoftError.from_response(answer)) is MicrosoftError


def test_a_code_that_is_a_boolean_counts_as_missing() -> None:
    assert MicrosoftError.from_response({"error_codes": [True]}).aadsts_code is None


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "invalid_grant", "error_codes": [70002, 54005]},
        {"error": "invalid_grant", "error_description": "AADSTS70000: not valid."},
    ],
    ids=["the older pair 70002, 54005", "70000"],
)
def test_a_code_that_is_spent_or_of_another_exchange_is_not_accepted(answer: Any) -> None:
    assert type(MicrosoftError.from_response(answer)) is CodeNotAccepted


def test_a_silent_server_is_distinguished_from_a_missing_one(entra: StandIn) -> None:
    entra.fault("keys", delay=3)
    seconds_to_fail(Transport(HASTY), entra.url + KEYS, r"\(ReadTimeoutError\)")


# Since the first version: unusual texts in token responses


def test_a_lifetime_of_five_thousand_digits_is_ignored(exchange: Any) -> None:
    from azuread_connections.entra.tokens import request_app_token

    exchange.entra.tamper_token_response(lambda answer: {**answer, "expires_in": "9" * 5000})
    token = request_app_token(
        exchange.transport,
        exchange.authority,
        exchange.app.client_id,
        SecretCredential(Secret(exchange.app.secrets[0].value)),
    )
    assert token.expires_in == 0


@pytest.mark.parametrize("sent", [-5, 10**400, "9" * 400], ids=["negative", "int", "text"])
def test_a_lifetime_is_within_reason(exchange: Any, sent: object) -> None:
    from azuread_connections.entra.tokens import request_app_token

    exchange.entra.tamper_token_response(lambda answer: {**answer, "expires_in": sent})
    token = request_app_token(
        exchange.transport,
        exchange.authority,
        exchange.app.client_id,
        SecretCredential(Secret(exchange.app.secrets[0].value)),
    )
    assert 0 <= token.expires_in <= 86400


@pytest.mark.parametrize("odd", ["\ud800", "李", "a\r\nX: y", "é", "\x00", "a\x7f"], ids=ascii)
@pytest.mark.parametrize("member", ["id_token", "access_token"])
def test_a_token_of_other_characters_than_rfc_6749_allows_is_malformed(
    exchange: Any,
    member: str,
    odd: str,
) -> None:
    exchange.entra.tamper_token_response(lambda answer: {**answer, member: odd})
    assert type(exchange.refusal()) is MalformedResponse
