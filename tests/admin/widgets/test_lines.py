"""Accepted addresses in a list, and the messages about others."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from azuread_connections.admin.widgets.lines import (
    MOST_ENTRIES,
    AliasesField,
    HostsField,
    URLsField,
)
from azuread_connections.models.destinations import destination_error


@pytest.mark.parametrize(
    "url",
    [
        "https://portal.example.com",
        "https://portal.example.com/callback?a=b&c=d",
        "https://portal.example.com:8443/callback",
        "https://[2001:db8::1]/callback",
        "http://localhost/callback",
        "http://localhost:8000/callback",
        "http://127.0.0.1:5000/",
        "http://[::1]:5000/",
    ],
)
def test_a_complete_address_is_good(url: str) -> None:
    assert destination_error(url, own_schemes=False) == ""


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://portal.example.com/", "it must begin with https://"),
        ("http://localhost.example.com/", "it must begin with https://"),
        ("//portal.example.com/", "enter a complete address"),
        ("/callback", "enter a complete address"),
        ("portal.example.com", "enter a complete address"),
        ("https://", "enter a complete address"),
        ("https:///callback", "enter a complete address"),
        ("https:portal.example.com", "enter a complete address"),
        ("ftp://portal.example.com/", "enter a complete address"),
        ("javascript:alert(1)", "enter a complete address"),
        ("javascript://portal.example.com/%0aalert(1)", "enter a complete address"),
        ("data:text/html,hello", "enter a complete address"),
        ("https://portal.example.com/#part", "from “#” on"),
        ("https://portal.example.com/#", "from “#” on"),
        ("https://*.example.com/", "a wildcard is not allowed"),
        ("https://portal.example.com/*", "a wildcard is not allowed"),
        ("https://me@portal.example.com/", "user name and password"),
        ("https://me:secret@portal.example.com/", "user name and password"),
        ("https://@portal.example.com/", "user name and password"),
        ("https://portal.example.com:0/", "its port is not valid"),
        ("https://portal.example.com:/", "its port is not valid"),
        ("https://portal.example.com:99999/", "not a complete address"),
        ("https://portal.example.com:x/", "not a complete address"),
        ("https://[::1/", "not a complete address"),
        ("https://portal.example.com\\@evil.example/", "control characters"),
        ("https://portal.example.com/a b", "control characters"),
        ("https://portal.example.com/\tx", "control characters"),
        ("https://portal.example.com/\x00", "control characters"),
        ("https://portal.example.com/\u202e", "control characters"),
        ("https://portal.example.com/" + "a" * 512, "longer than 512"),
        ("com.example.app://callback", "only a native application"),
    ],
)
def test_what_is_wrong_with_an_address_is_said(url: str, reason: str) -> None:
    assert reason in str(destination_error(url, own_schemes=False))


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("com.example.app://callback", True),
        ("com.example.app:/callback", True),
        ("com.example.app:", False),
        ("example://callback", False),
        ("javascript:alert(1)", False),
        ("com.example.app://callback#part", False),
        ("https://portal.example.com/", True),
    ],
)
def test_a_native_application_can_have_a_custom_scheme(url: str, good: bool) -> None:
    assert (destination_error(url, own_schemes=True) == "") is good


def test_lines_and_commas_separate_and_each_entry_counts_once() -> None:
    typed = " https://a.example/ ,https://b.example/\r\n\r\nhttps://a.example/\n,"
    assert URLsField(required=False).clean(typed) == ["https://a.example/", "https://b.example/"]
    assert URLsField(required=False).clean("") == []


def test_every_bad_line_is_named() -> None:
    with pytest.raises(ValidationError) as raised:
        AliasesField().clean("contoso.com, outlook.com\nconto so\nfabrikam.com")
    outlook, typo = raised.value.messages
    assert outlook.startswith("“outlook.com”: Anybody can have an address at outlook.com")
    assert typo.startswith("“conto so”: ")


def test_aliases_are_stored_in_one_form() -> None:
    assert AliasesField().clean("Contoso.COM\nbücher.example, contoso.com") == [
        "contoso.com",
        "xn--bcher-kva.example",
    ]


def test_there_is_an_end_to_what_one_field_takes() -> None:
    typed = "\n".join(f"a{number}.example" for number in range(MOST_ENTRIES + 1))
    with pytest.raises(ValidationError, match="At most 1000 entries"):
        AliasesField().clean(typed)


def test_an_international_host_is_stored_as_browsers_send_it() -> None:
    assert HostsField().clean("Bücher.example:8443") == ["xn--bcher-kva.example:8443"]
    with pytest.raises(ValidationError, match="is not a host"):
        HostsField().clean("😀.example")
