"""Any request of a browser gets one of our pages, and stores nothing."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client, RequestFactory
from hypothesis import example, given
from hypothesis import strategies as st

from azuread_connections.login.lookup.addresses import safe_destination
from azuread_connections.models import Identity
from tests.company import Company, error_code, query_of, transaction_of
from tests.fuzzing.values import WEB_TEXT, fuzz, fuzz_less

pytestmark = pytest.mark.django_db

PARAMETERS = st.dictionaries(
    st.sampled_from(
        [
            *("code", "state", "error", "error_description", "session_state", "admin_consent"),
            *("tenant", "scope", "correlation_id", "trace_id", "error_subcode", "iss", "next"),
        ]
    )
    | WEB_TEXT,
    WEB_TEXT,
)


def nobody_is_in(client: Client) -> None:
    assert "_auth_user_id" not in client.session
    assert not User.objects.exists()
    assert not Identity.objects.exists()


@fuzz_less
@given(PARAMETERS, st.booleans())
def test_the_callback_without_a_sign_in(
    contoso: Company, parameters: dict[str, str], posted: bool
) -> None:
    client = Client()
    answer = (client.post if posted else client.get)("/login/callback", parameters)
    if posted:
        assert answer.status_code in {400, 403, 405}
    else:
        assert (answer.status_code, error_code(answer)) == (400, "transaction_missing")
    nobody_is_in(client)


@fuzz_less
@given(PARAMETERS)
def test_the_callback_of_a_sign_in(contoso: Company, parameters: dict[str, str]) -> None:
    client = Client()
    state = query_of(contoso.start(client))["state"]
    answer = client.get("/login/callback", parameters | {"state": state})
    assert answer.status_code in {400, 403, 502, 503}
    assert error_code(answer)
    nobody_is_in(client)


@fuzz_less
@given(WEB_TEXT, WEB_TEXT, WEB_TEXT)
def test_a_forged_cookie(contoso: Company, name: str, value: str, rest: str) -> None:
    client = Client()
    state = transaction_of(contoso.start(client))
    header = f"azuread_txn_{state}={value}; {name}={rest}".encode().decode("latin-1")
    answer = Client().get("/login/callback", {"state": state}, headers={"cookie": header})
    assert (answer.status_code, error_code(answer)) == (400, "transaction_missing")


@fuzz_less
@given(WEB_TEXT | st.emails(), WEB_TEXT, WEB_TEXT)
@example("adele@contoso.com", "default", "/")
@example("a@" + "b." * 400, "default", "/")
def test_the_sign_in_page(contoso: Company, email: str, application: str, next_: str) -> None:
    client = Client()
    for parameters in (
        {"email": email, "next": next_},
        {"email": email, "next": next_, "application": application},
    ):
        answer = client.get("/login/", parameters)
        assert answer.status_code in {200, 302, 404}
    assert not Session.objects.exists()


URLISH = st.lists(
    st.sampled_from(
        [
            *("/", "//", "\\", ":", "@", "?", "#", ".", "..", "%2f", "%5c", "%0d%0a", "\t", " "),
            *("http", "https", "javascript", "data", "testserver", "evil.example", "login", "next"),
            *("[::1]", "\u3002", "\uff0f", "\u2044", "%00", "\x00", "&", "="),
        ]
    )
    | WEB_TEXT,
    max_size=8,
).map("".join)


@fuzz
@given(URLISH)
def test_a_destination_never_leaves_this_site(value: str) -> None:
    request: Any = RequestFactory().get("/login/contoso/")
    destination = safe_destination(request, value)
    # As a browser parses it: backslashes are slashes, and control characters are ignored.
    read = destination.replace("\\", "/")
    assert read.startswith("/")
    assert not read.startswith("//")
    assert destination.isprintable()
    assert not urlsplit(read).netloc


@fuzz_less
@given(WEB_TEXT)
def test_a_name_of_no_connection(contoso: Company, name: str) -> None:
    path = f"/login/{name}/".encode().decode("latin-1")
    answer = Client().generic("GET", "/", PATH_INFO=path)
    assert answer.status_code in {200, 301, 302, 400, 401, 403, 404, 405}
    assert not Session.objects.exists()
