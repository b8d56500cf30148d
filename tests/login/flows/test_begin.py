from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from azuread_connections.login.state.transaction import read_cookie
from azuread_connections.models import Connection, EnabledConnection, Event
from tests.company import Company, error_code, query_of
from tests.factories import ApplicationFactory

pytestmark = pytest.mark.django_db


def start_url(company: Company) -> str:
    return reverse("azuread_connections:start", args=[company.connection.name])


def test_a_start_costs_one_query_no_write_no_session_and_no_request(
    contoso: Company, client: Client
) -> None:
    with CaptureQueriesContext(database) as queries:
        contoso.start(client)
    assert [query["sql"][:6] for query in queries] == ["SELECT"]
    assert contoso.microsoft.count() == 0
    assert not Session.objects.exists()
    assert [name[:12] for name in client.cookies] == ["azuread_txn_"]


def test_the_request_to_microsoft_is_complete(contoso: Company, client: Client, rf: Any) -> None:
    url = contoso.start(client, login_hint="adele.vance@contoso.com")
    asked = query_of(url)
    request = rf.get("/")
    request.META["HTTP_COOKIE"] = "; ".join(
        f"{name}={morsel.value}" for name, morsel in client.cookies.items()
    )
    begun = read_cookie(request, asked["state"], secure=False)
    assert begun is not None
    assert asked["state"].startswith(f"{begun.state}.")

    assert urlsplit(url).path == f"/{contoso.directory.tenant_id}/oauth2/v2.0/authorize"
    digest = hashlib.sha256(begun.code_verifier.encode()).digest()
    assert asked == {
        "client_id": contoso.app.client_id,
        "response_type": "code",
        "response_mode": "query",
        "redirect_uri": "http://testserver/login/callback",
        "scope": "openid profile email",
        "state": asked["state"],
        "nonce": begun.nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
        "login_hint": "adele.vance@contoso.com",
        "domain_hint": "contoso.com",
    }


def test_v1_asks_by_resource_and_for_a_signed_token(fabrikam: Company, client: Client) -> None:
    url = fabrikam.start(client)
    assert urlsplit(url).path == f"/{fabrikam.directory.tenant_id}/oauth2/authorize"
    asked = query_of(url)
    assert asked["resource"] == "https://graph.microsoft.com"
    assert asked["scope"] == "openid"


def test_the_name_is_found_in_any_case(contoso: Company, client: Client) -> None:
    assert client.get("/login/CONTOSO/").status_code == 302


def test_a_start_has_no_post(contoso: Company, client: Client) -> None:
    assert client.post(start_url(contoso)).status_code == 405


def test_nothing_of_a_start_is_cached(contoso: Company, client: Client) -> None:
    assert "no-store" in client.get(start_url(contoso))["Cache-Control"]


def test_an_unknown_connection_and_one_enabled_elsewhere_look_the_same(
    contoso: Company, client: Client
) -> None:
    other = ApplicationFactory.create(slug="portal")
    EnabledConnection.objects.update(application=other)
    pages = []
    for name in ("contoso", "nobody"):
        with CaptureQueriesContext(database) as queries:
            response = client.get(f"/login/{name}/")
        assert response.status_code == 403
        assert error_code(response) == "connection_disabled"
        shown = response.content.decode()
        pages.append((shown.split("<code>")[0], queries[0]["sql"].replace(name, "NAME")))
    assert pages[0] == pages[1]


def test_the_application_of_the_address_decides(contoso: Company, client: Client) -> None:
    other = ApplicationFactory.create(slug="portal")
    EnabledConnection.objects.update(application=other)
    assert client.get(start_url(contoso), {"application": "portal"}).status_code == 302


@pytest.mark.parametrize("name", ["callback/", "-", "a b", "%00", "é"])
def test_unusual_names_cause_no_server_error(name: str, client: Client, db: None) -> None:
    assert client.get(f"/login/{name}").status_code in {301, 403, 404}


def test_an_invalid_connection_name_causes_no_server_error(client: Client, db: None) -> None:
    """PostgreSQL accepts no NUL, neither in a query nor in a value."""
    response = client.get("/login/", {"connection": "contoso\x00" + "x" * 3000})
    assert (response.status_code, error_code(response)) == (403, "connection_disabled")
    assert Event.objects.get().message.endswith(f"“contoso{'x' * 122}” for “this site”.")


def test_a_start_on_another_host_moves_to_the_one_where_it_can_end(
    contoso: Company, client: Client, settings: Any
) -> None:
    settings.AZUREAD_CONNECTIONS |= {"PUBLIC_URL": "https://app.example.com/"}
    settings.ALLOWED_HOSTS = ["*"]
    here = {"host": "www.example.com"}
    response = client.get(start_url(contoso), {"next": "/reports/"}, headers=here)
    assert response["Location"] == (
        "https://app.example.com/login/contoso/?application=default&next=%2Freports%2F&moved=1"
    )
    assert not response.cookies


def test_the_redirect_uri_is_on_the_public_url_whatever_host_is_claimed(
    contoso: Company, client: Client, settings: Any
) -> None:
    """Behind a proxy that rewrites Host, too, where another redirect would never end."""
    settings.AZUREAD_CONNECTIONS |= {"PUBLIC_URL": "https://app.example.com/"}
    settings.ALLOWED_HOSTS = ["*"]
    here = {"host": "evil.example.net"}
    response = client.get(start_url(contoso), {"moved": "1"}, headers=here)
    asked = query_of(response["Location"])
    assert asked["redirect_uri"] == "https://app.example.com/login/callback"
    [cookie] = response.cookies
    assert cookie.startswith("__Host-azuread_txn_")


def test_an_applications_own_host_has_its_own_redirect_uri(
    contoso: Company, client: Client, settings: Any, application: Any
) -> None:
    settings.AZUREAD_CONNECTIONS |= {"PUBLIC_URL": "https://app.example.com"}
    settings.ALLOWED_HOSTS = ["*"]
    application.set_hosts(["portal.example.com"])
    response = client.get(start_url(contoso), headers={"host": "portal.example.com"})
    asked = query_of(response["Location"])
    assert asked["redirect_uri"] == "https://portal.example.com/login/callback"


def test_a_host_that_the_site_does_not_have_is_refused(contoso: Company, client: Client) -> None:
    response = client.get(start_url(contoso), headers={"host": "evil.example.net"})
    assert response.status_code == 400


def test_an_unpinned_connection_starts_with_its_domain(contoso: Company, client: Client) -> None:
    Connection.objects.update(tenant_id="")
    assert urlsplit(contoso.start(client)).path == "/contoso.com/oauth2/v2.0/authorize"


def test_a_flood_of_unknown_names_is_counted_in_a_row(client: Client, db: None) -> None:
    for number in range(20):
        client.get(f"/login/nobody-{number}/")
    assert 1 <= Event.objects.count() <= 2  # two, if the minute changes meanwhile
    assert sum(Event.objects.values_list("count", flat=True)) == 20


@pytest.mark.parametrize(
    ("cloud", "host", "resource"),
    [
        ("usgov", "login.microsoftonline.us", "https://graph.microsoft.us"),
        ("dod", "login.microsoftonline.us", "https://dod-graph.microsoft.us"),
        (
            "china",
            "login.partner.microsoftonline.cn",
            "https://microsoftgraph.chinacloudapi.cn",
        ),
    ],
)
def test_other_clouds_have_their_own_hosts(
    contoso: Company, client: Client, cloud: str, host: str, resource: str
) -> None:
    Connection.objects.update(cloud=cloud, extended_profile=True)
    url = contoso.start(client)
    assert urlsplit(url).netloc == host
    assert f"{resource}/User.Read" in query_of(url)["scope"].split()


def test_a_long_login_hint_is_cut(contoso, client):
    assert len(query_of(contoso.start(client, login_hint="x" * 5000))["login_hint"]) == 254


def test_two_applications_hosts_ignore_case(contoso, application, settings, client):
    settings.ALLOWED_HOSTS = ["*"]
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "PUBLIC_URL": "http://testserver"
    }
    application.set_hosts(["portal.example.com"])
    url = client.get("/login/contoso/", headers={"host": "Portal.Example.com"})["Location"]
    assert query_of(url)["redirect_uri"].lower() == "http://portal.example.com/login/callback"


def test_a_domain_hint_is_only_for_the_connections_own(contoso, client):
    assert "domain_hint" not in query_of(contoso.start(client, login_hint="guest@fabrikam.com"))
    assert (
        query_of(contoso.start(client, login_hint="adele@contoso.com"))["domain_hint"]
        == "contoso.com"
    )


def test_a_host_of_another_application_is_not_ones_own(contoso, application, client, settings):
    settings.ALLOWED_HOSTS = ["*"]
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "PUBLIC_URL": "http://testserver"
    }
    ApplicationFactory.create(slug="portal").set_hosts(["portal.example.com"])
    response = client.get(
        "/login/contoso/",
        {"application": "default", "moved": "1"},
        headers={"host": "portal.example.com"},
    )
    assert query_of(response["Location"])["redirect_uri"] == "http://testserver/login/callback"
