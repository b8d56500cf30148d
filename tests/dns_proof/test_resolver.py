"""Look-ups over UDP at the stand-in's DNS server."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from azuread_connections.dns_proof.records import Lookup, Outcome, record_name
from azuread_connections.dns_proof.resolver import look_up
from azuread_connections.testing import StandIn

NAME = record_name("contoso.com")


def ask(entra: StandIn, domain: str = "contoso.com", seconds: float = 2.0) -> Lookup:
    return look_up(domain, [entra.dns.address], seconds)


@pytest.fixture
def nobody() -> Iterator[str]:
    """The address of a port that takes queries and never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{silent.getsockname()[1]}"


def test_all_records_of_the_name_are_found(entra: StandIn) -> None:
    entra.dns.set_txt(NAME, "one", "two")
    assert set(ask(entra).texts) == {"one", "two"}


def test_the_strings_of_a_record_are_joined(entra: StandIn) -> None:
    entra.dns.set_txt(NAME, ["azuread-connections-", "verification=", "abc"])
    assert ask(entra).texts == ("azuread-connections-verification=abc",)


def test_a_text_over_255_bytes_comes_whole(entra: StandIn) -> None:
    entra.dns.set_txt(NAME, "x" * 700)
    assert ask(entra).texts == ("x" * 700,)


def test_bytes_that_are_no_text_do_no_harm(entra: StandIn) -> None:
    entra.dns.set_txt(NAME, b"\xff\xfe\x00")
    assert ask(entra).outcome_for("abc") is Outcome.WRONG


def test_a_cname_is_followed(entra: StandIn) -> None:
    entra.dns.set_cname(NAME, "proof.fabrikam.com")
    entra.dns.set_txt("proof.fabrikam.com", "there")
    assert ask(entra).texts == ("there",)


def test_a_cname_that_leads_nowhere_is_no_record(entra: StandIn) -> None:
    entra.dns.set_cname(NAME, "gone.fabrikam.com")
    assert ask(entra) == Lookup()


def test_a_wildcard_answers_for_the_name(entra: StandIn) -> None:
    entra.dns.set_txt("*.contoso.com", "any")
    assert ask(entra).texts == ("any",)


@pytest.mark.parametrize("where", ["contoso.com", "_azuread-connections.mail.contoso.com"])
def test_records_elsewhere_do_not_count(entra: StandIn, where: str) -> None:
    entra.dns.set_txt(where, "elsewhere")
    assert ask(entra) == Lookup()


def test_an_international_domain_is_asked_in_ascii(entra: StandIn) -> None:
    entra.dns.set_txt("_azuread-connections.xn--bcher-kva.example", "there")
    assert ask(entra, "xn--bcher-kva.example").texts == ("there",)


@pytest.mark.parametrize("domain", ["a." * 120 + "com", "x" * 64 + ".com"])
def test_a_name_longer_than_names_can_be_is_no_record(entra: StandIn, domain: str) -> None:
    assert ask(entra, domain) == Lookup()
    assert entra.dns.count() == 0


@pytest.mark.parametrize(
    ("how", "outcome"),
    [
        ("nxdomain", Outcome.NOT_FOUND),
        ("servfail", Outcome.FAILURE),
        ("refused", Outcome.FAILURE),
        ("silent", Outcome.TIMEOUT),
    ],
)
def test_failures_are_told_apart(entra: StandIn, how: Any, outcome: Outcome) -> None:
    entra.dns.set_txt(NAME, "there")
    entra.dns.fail(how)
    assert ask(entra, seconds=0.4).outcome_for("abc") is outcome
    entra.dns.recover()
    assert ask(entra).texts == ("there",)


def test_nothing_is_kept_for_the_next_call(entra: StandIn) -> None:
    for value in ("one", "two"):
        entra.dns.set_txt(NAME, value)
        assert ask(entra).texts == (value,)


def test_the_time_is_limited_over_all_servers(nobody: str) -> None:
    began = time.monotonic()
    found = look_up("contoso.com", [nobody, nobody, nobody], 0.5)
    assert found.problem is Outcome.TIMEOUT
    assert time.monotonic() - began < 3


def test_without_time_nobody_is_asked(entra: StandIn) -> None:
    assert ask(entra, seconds=0).problem is Outcome.TIMEOUT
    assert entra.dns.count() == 0


def test_the_second_server_is_asked_if_the_first_cannot_answer(entra: StandIn, nobody: str) -> None:
    entra.dns.set_txt(NAME, "there")
    servers = ["not a server", nobody, entra.dns.address]
    assert look_up("contoso.com", servers).texts == ("there",)


def test_without_any_usable_server_the_look_up_fails() -> None:
    assert look_up("contoso.com", ["not a server"]).problem is Outcome.FAILURE
