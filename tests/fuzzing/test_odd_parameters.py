"""A NUL, or a text of any length, in each parameter of each address gives a page, not an error."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import given

from azuread_connections.login.flows import consent
from azuread_connections.login.lookup.frontchannel import frontchannel_token
from azuread_connections.login.state.sealing import seal
from azuread_connections.models import Application, Connection, Event, Revocation
from tests.company import Company, error_code, query_of
from tests.factories import UserFactory
from tests.fuzzing.values import JSON, WEB_TEXT, fuzz_less

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("strict_database")]

#: As a browser sends them: percent-encoded bytes, of which some are not UTF-8.
ODD = {
    "nul": "%00",
    "nul inside": "a%00b",
    "surrogate": "%ED%A0%80",
    "not UTF-8": "%FF%FE",
    "overlong": "a" * 9000,
    "overlong NULs": "%00" * 3000,
    "line break": "a%0D%0Ab",
    "not a character": "%F4%8F%BF%BF",
    "right to left": "%E2%80%AE",
    "number": "9" * 400,
    "dots": "..%2F..%2F",
    "brackets": "[%5D",
}

#: Each address of the app that a browser opens, with the parameters that it reads.
PAGES = {
    "/login/": ("application", "connection", "next", "email", "moved"),
    "/login/contoso/": ("application", "next", "login_hint", "moved"),
    "/login/callback": (
        *("state", "code", "error", "error_description", "error_codes", "error_uri", "tenant"),
        *("session_state", "admin_consent", "iss", "scope", "correlation_id", "trace_id"),
        *("application", "client_info"),
    ),
    "/login/profile": ("application", "next"),
    "/login/profile/accounts": ("application", "next", "moved"),
    "/password/": ("next",),
}
pages = pytest.mark.parametrize(
    ("page", "parameter"), [(page, name) for page, names in PAGES.items() for name in names]
)


@pages
def test_in_a_parameter(contoso: Company, page: str, parameter: str) -> None:
    for value in ODD.values():
        for client in (Client(), signed_in()):
            assert client.get(f"{page}?{parameter}={value}").status_code < 500


@pytest.mark.parametrize("parameter", PAGES["/login/callback"])
def test_in_a_parameter_of_the_callback_of_a_sign_in(
    contoso: Company, client: Client, parameter: str
) -> None:
    for value in ODD.values():
        callback = contoso.microsoft.sign_in(contoso.start(client), contoso.person)
        query = "&".join(
            f"{name}={value if name == parameter else quote(own[0])}"
            for name, own in (parse_qs(urlsplit(callback).query) | {parameter: [""]}).items()
        )
        response = client.get(f"/login/callback?{query}")
        assert response.status_code == 302 or error_code(response)


@pytest.mark.parametrize("parameter", PAGES["/login/callback"])
@pytest.mark.parametrize("asked_by_link", [True, False], ids=["by a link", "by staff"])
def test_in_a_parameter_of_the_return_from_the_consent_page(
    contoso: Company, boss: Client, rf: Any, parameter: str, asked_by_link: bool
) -> None:
    for value in ODD.values():
        state = state_of_link(contoso, rf) if asked_by_link else state_of_consent(contoso, boss)
        own = {"state": state, "admin_consent": "True", "tenant": contoso.directory.tenant_id}
        query = "&".join(f"{name}={own[name]}" for name in own if name != parameter)
        response = boss.get(f"/login/callback?{query}&{parameter}={value}")
        assert response.status_code < 500 or error_code(response)
    if parameter == "tenant":
        messages = Event.objects.filter(kind=Event.Kind.CONSENT_RETURNED).values_list("message")
        assert set(messages) == {("The response says: granted by an unnamed directory.",)}


@pytest.mark.parametrize(
    ("page", "field"),
    [
        ("/login/", "email"),
        ("/login/", "next"),
        ("/login/logout", "next"),
        ("/login/logout", "microsoft"),
        ("/login/profile/accounts", "connect"),
        ("/login/profile/accounts", "disconnect"),
    ],
)
def test_in_a_posted_field(contoso: Company, page: str, field: str) -> None:
    for value in ODD.values():
        for client in (Client(), signed_in()):
            response = client.generic(
                "POST", page, f"{field}={value}", "application/x-www-form-urlencoded"
            )
            assert response.status_code < 500


@pytest.mark.parametrize(
    "path", ["/login/{}/", "/login/contoso{}/", "/login/frontchannel-logout/{}", "/login/{}"]
)
def test_in_a_path(contoso: Company, client: Client, path: str) -> None:
    for value in ODD.values():
        assert client.get(path.format(value)).status_code < 500


def test_in_the_session_of_a_front_channel_sign_out(contoso: Company) -> None:
    for value in ODD.values():
        url = f"/login/frontchannel-logout/{frontchannel_token(contoso.connection)}?sid={value}"
        assert Client().get(url).status_code == 200
        assert not Revocation.objects.exists()


@pytest.mark.parametrize("value", ["\x00", "a\x00b", "\xed\xa0\x80", "x" * 9000, "%00", "[::1"])
@pytest.mark.parametrize(
    "header",
    [
        *("host", "x-forwarded-for", "x-forwarded-host", "referer", "user-agent", "cookie"),
        *("accept-language", "origin"),
    ],
)
def test_in_a_header(
    contoso: Company, client: Client, settings: Any, header: str, value: str
) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"TRUSTED_PROXIES": 1}
    settings.ALLOWED_HOSTS = ["*"]
    for page in PAGES:
        answer = client.get(page, {"state": "a" * 22}, headers={header: value})
        assert answer.status_code < 500


@pytest.mark.parametrize(
    "page",
    [
        "connection/?q=",
        "connection/?secret=",
        "connection/?applications__id__exact=",
        "event/?q=",
        "event/?code=",
        "event/?connection=",
        "event/?application=",
        "identity/?q=",
        "identity/?connection=",
        "directory/?q=",
        "directory/?connection=",
        "application/?q=",
        "connection/{}/change/",
        "connection/{}/check/",
        "connection/{}/delete/",
        "directory/{}/change/",
        "event/{}/change/",
        "identity/{}/change/",
        "application/{}/change/",
        "connection/1/users/?q=",
        "connection/1/users/?page=",
    ],
)
def test_on_a_page_of_the_admin(contoso: Company, boss: Client, page: str) -> None:
    Connection.objects.update(enable_users_api=True)
    page = page.replace("/1/", f"/{contoso.connection.pk}/")
    for value in ODD.values():
        path = page.format(value) if "{}" in page else page + value
        assert boss.get(f"/admin/azuread_connections/{path}", follow=True).status_code < 500


def test_in_the_fields_of_an_application(application: Application, boss: Client) -> None:
    for value in ODD.values():
        fields = ("name", "slug", "description", "hosts", "allowed_callback_urls", "external_id")
        posted = "&".join(f"{name}={value}" for name in (*fields, "enabled_connections"))
        page = "/admin/azuread_connections/application/add/"
        answer = boss.generic("POST", page, posted, "application/x-www-form-urlencoded")
        assert answer.status_code < 500


@fuzz_less
@given(JSON)
def test_what_another_version_has_sealed_is_not_ours(contoso: Company, content: Any) -> None:
    """An upgrade during a sign-in, or while a consent link was in a mail."""
    state = consent.LINK_PREFIX + seal(consent.PURPOSE, content)
    answer = Client().get("/login/callback", {"state": state})
    assert (answer.status_code, error_code(answer)) == (400, "transaction_missing")
    client = Client()
    state = query_of(contoso.start(client))["state"]
    name = state.partition(".")[0]
    client.cookies[f"azuread_txn_{name}"] = seal("transaction", content, name=name)
    answer = client.get("/login/callback", {"state": state, "code": "x"})
    assert (answer.status_code, error_code(answer)) == (400, "transaction_missing")


@fuzz_less
@given(WEB_TEXT)
def test_any_tenant_at_the_return_from_the_consent_page(contoso: Company, tenant: str) -> None:
    state = consent.LINK_PREFIX + seal(
        consent.PURPOSE, [contoso.connection.pk, "boss", 4_000_000_000]
    )
    parameters = {"state": state, "admin_consent": "True", "tenant": tenant}
    assert Client().get("/login/callback", parameters).status_code == 200


@pytest.fixture
def boss(db: None) -> Client:
    client = Client()
    client.force_login(
        User.objects.create_superuser("boss"), "django.contrib.auth.backends.ModelBackend"
    )
    return client


def signed_in() -> Client:
    client = Client()
    client.force_login(UserFactory.create(), "django.contrib.auth.backends.ModelBackend")
    return client


def state_of_link(company: Company, rf: Any) -> str:
    request = rf.get("/")
    request.user = User.objects.get(username="boss")
    return query_of(consent.link_for_administrator(request, company.connection))["state"]


def state_of_consent(company: Company, boss: Client) -> str:
    page = f"/admin/azuread_connections/connection/{company.connection.pk}/consent/"
    return query_of(boss.get(page)["Location"])["state"]
