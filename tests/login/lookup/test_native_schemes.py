"""A native application's custom scheme is allowed wherever a web address is."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from azuread_connections.login.flows.redirects import DestinationRedirect
from azuread_connections.login.lookup.addresses import safe_path
from azuread_connections.models import Application, Connection
from azuread_connections.testing import next_address
from tests.company import Company, query_of
from tests.factories import ApplicationFactory, UserFactory

pytestmark = pytest.mark.django_db

APP = "com.example.app://callback?from=here"
#: Schemes that a browser or the system itself runs, reads or opens.
DANGEROUS = [
    "javascript:alert(1)",
    "JavaScript://com.example.app/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "blob:https://com.example.app/x",
    "about:blank",
    "view-source:https://com.example.app",
    "intent://scan/#Intent;scheme=zxing;end",
    "ms-msdt:/id",
    "example://callback",
    "mailto:adele@contoso.com",
    "//com.example.app/callback",
    "com.example.app",
]
dangerous = pytest.mark.parametrize("url", DANGEROUS)


@pytest.fixture(autouse=True)
def native(application: Application) -> None:
    Application.objects.update(
        application_type="native", allowed_callback_urls=[APP], allowed_logout_urls=[APP]
    )


def test_a_sign_in_ends_in_the_app(contoso: Company, client: Client) -> None:
    response = contoso.sign_in(client, next=APP)
    assert (response.status_code, response["Location"]) == (302, APP)


@pytest.mark.parametrize("next_", ["com.example.app://callback", f"{APP}&x=1", APP.upper()])
def test_only_to_the_letter(contoso: Company, client: Client, next_: str) -> None:
    assert contoso.sign_in(client, next=next_)["Location"] == "/"


def test_a_sign_out_here_ends_in_the_app(client: Client) -> None:
    client.force_login(UserFactory.create())
    assert next_address(client.post("/login/logout", {"next": APP})) == APP


def test_a_sign_out_at_microsoft_ends_in_the_app(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    answer = client.post("/login/logout", {"microsoft": "1", "next": APP})
    state = query_of(next_address(answer))["state"]
    back = client.get("/login/callback", {"state": state})
    assert (back.status_code, back["Location"]) == (302, APP)


def test_another_user_is_asked_first_and_can_stay(contoso: Company, client: Client) -> None:
    client.force_login(UserFactory.create())
    page = contoso.sign_in(client, next=APP).content.decode()
    assert f'href="{APP}"' in page


def test_a_sign_in_that_is_moved_to_another_host_keeps_it(
    contoso: Company, client: Client, settings: Any
) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"PUBLIC_URL": "http://localhost"}
    moved = client.get("/login/contoso/", {"next": APP})["Location"]
    assert query_of(moved)["next"] == APP


def test_the_sites_own_settings_may_name_the_app(
    contoso: Company, client: Client, settings: Any
) -> None:
    settings.LOGIN_REDIRECT_URL = settings.LOGOUT_REDIRECT_URL = APP
    assert contoso.sign_in(client)["Location"] == APP
    assert next_address(client.post("/login/logout")) == APP


@dangerous
def test_no_list_makes_a_dangerous_scheme_a_destination(
    contoso: Company, client: Client, url: str
) -> None:
    """A program can store a list without validation."""
    Application.objects.update(allowed_callback_urls=[url], allowed_logout_urls=[url])
    assert contoso.sign_in(client, next=url)["Location"] == "/"
    assert client.post("/login/logout", {"next": url})["Location"] == "/"


@pytest.mark.parametrize("scheme", ["javascript", "data", "vbscript", "file", "example"])
def test_a_redirect_to_a_dangerous_scheme_is_not_made(scheme: str) -> None:
    with pytest.raises(Exception, match="Unsafe redirect to URL with protocol"):
        DestinationRedirect(f"{scheme}://com.example.app/")


@pytest.mark.parametrize("stored", [f"x{APP}x", {APP: 1}, None, 7, [None, 7, [APP]]])
def test_a_list_that_is_not_one_allows_nothing(rf: Any, stored: Any) -> None:
    assert safe_path(rf.get("/"), APP, stored) == ""


@dangerous
@pytest.mark.parametrize("field", ["allowed_callback_urls", "allowed_logout_urls"])
def test_the_model_refuses_them(application: Application, field: str, url: str) -> None:
    application.refresh_from_db()
    setattr(application, field, [APP, url])
    with pytest.raises(ValidationError) as raised:
        application.full_clean()
    assert list(raised.value.message_dict) == [field]


@pytest.mark.parametrize("stored", ["https://portal.example.com/", [7], {"a": "b"}])
def test_the_model_refuses_what_is_not_a_list_of_addresses(stored: Any) -> None:
    with pytest.raises(ValidationError, match="Enter a list of addresses"):
        ApplicationFactory.build(allowed_callback_urls=stored).full_clean()


def test_the_model_allows_an_apps_scheme_to_a_native_application_only() -> None:
    native = ApplicationFactory.build(application_type="native", allowed_callback_urls=[APP])
    native.full_clean()
    native.application_type = "spa"
    with pytest.raises(ValidationError, match="only a native application"):
        native.full_clean()


def test_a_transaction_of_the_accounts_page_returns_to_it(contoso: Company, client: Client) -> None:
    """Its destination is always a path of this site."""
    user = UserFactory.create()
    client.force_login(user)
    url = next_address(client.post("/login/profile/accounts", {"connect": "contoso"}))
    assert contoso.come_back(client, url)["Location"] == "/login/profile/accounts"
    assert Connection.objects.count() == 1
