"""Home realm discovery: from an email address to the right sign-in."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.exceptions import ValidationError
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from azuread_connections.login.lookup import realm
from azuread_connections.models import Application, Connection, DomainAlias, EnabledConnection
from azuread_connections.models.validators import clean_alias
from azuread_connections.testing import StandIn, next_address
from tests.company import Company, query_of
from tests.factories import ApplicationFactory, ConnectionFactory, EnabledConnectionFactory
from tests.field_cases import case

pytestmark = pytest.mark.django_db

UNKNOWN = "No sign-in is set up for this address"


def ask(client: Client, email: str, **query: str) -> Any:
    return client.post("/login/", {"email": email}, query_params=query)


@pytest.mark.parametrize(
    "email",
    [
        "adele.vance@contoso.com",
        "ADELE.VANCE@CONTOSO.COM",
        "  adele.vance@contoso.com  ",
        "adele.vance@contoso.com.",
        "adele.vance@sales.contoso.com",
        "adele.vance@emea.sales.contoso.com",
    ],
)
def test_an_address_selects_its_companys_sign_in(
    contoso: Company, client: Client, email: str
) -> None:
    url = next_address(ask(client, email, next="/reports/"))
    assert urlsplit(url).path == f"/{contoso.directory.tenant_id}/oauth2/v2.0/authorize"
    asked = query_of(url)
    meant = email.strip().rstrip(".")
    assert asked["login_hint"] == meant
    assert asked["domain_hint"] == meant.lower().rpartition("@")[2]
    assert contoso.come_back(client, url)["Location"] == "/reports/"


@pytest.mark.parametrize(
    "email", ["a@münchen.example", "a@MÜNCHEN.example", "a@xn--mnchen-3ya.example"]
)
def test_international_domains_are_one_domain_however_written(
    contoso: Company, client: Client, email: str
) -> None:
    contoso.connection.aliases.create(domain=clean_alias("münchen.example"))
    assert query_of(next_address(ask(client, email)))["domain_hint"] == "xn--mnchen-3ya.example"


def test_an_alias_of_a_subdomain_comes_before_its_parents(
    contoso: Company, fabrikam: Company, client: Client
) -> None:
    fabrikam.connection.aliases.create(domain="sales.contoso.com")
    url = next_address(ask(client, "a@emea.sales.contoso.com"))
    assert f"/{fabrikam.directory.tenant_id}/" in url


@pytest.mark.parametrize(
    "email",
    [
        "a@unknown.example",
        "contoso.com",
        "@contoso.com",
        "a@",
        "",
        "a@com",
        "a@notcontoso.com",
        "a@contoso.com.evil.example",
        "a@" + "x" * 300 + ".contoso.com",
        "<script>@x.y",
    ],
)
def test_other_addresses_select_no_connection(contoso: Company, client: Client, email: str) -> None:
    page = ask(client, email).content.decode()
    assert UNKNOWN in page
    assert "<script>@" not in page


def test_an_unknown_domain_and_one_of_another_application_look_the_same(
    contoso: Company, client: Client
) -> None:
    """Discovery reveals nothing: same queries, same page."""
    elsewhere = ConnectionFactory.create(name="northwind", domain="northwindtraders.com")
    EnabledConnectionFactory.create(connection=elsewhere)
    seen = []
    for domain in ("northwindtraders.com", "unknown.example"):
        with CaptureQueriesContext(database) as queries:
            page = ask(client, f"a@{domain}").content.decode()
        statements = [query["sql"].replace(domain, "DOMAIN") for query in queries]
        shown = page.replace(domain, "DOMAIN")
        token = shown.split('csrfmiddlewaretoken" value="')[1].split('"')[0]
        seen.append((statements, shown.replace(token, "")))
    assert seen[0] == seen[1]
    assert UNKNOWN in seen[0][1]


def test_discovery_is_one_indexed_query(contoso: Company, client: Client) -> None:
    with CaptureQueriesContext(database) as queries:
        ask(client, "adele.vance@contoso.com")
    assert len(queries) == 2  # the application, then the domain
    if database.vendor == "sqlite":
        with database.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + queries[1]["sql"])
            assert not [row for row in cursor.fetchall() if "SCAN" in row[3]]


def test_several_sign_ins_for_one_domain_are_a_choice(
    contoso: Company, fabrikam: Company, client: Client
) -> None:
    fabrikam.connection.aliases.create(domain="contoso.com")
    response = ask(client, "adele.vance@contoso.com", next="/reports/")
    page = response.content.decode()
    assert "There are several ways to sign in with adele.vance@contoso.com" in page
    for name in ("contoso", "fabrikam"):
        assert f"/login/{name}/?next=%2Freports%2F&amp;login_hint=adele.vance%40contoso.com" in page


F20 = case("F20")


@pytest.mark.parametrize("typed", F20["leads_there"] + F20["login_hint_is_clean"])
def test_a_pasted_address_selects_the_connection(
    microsoft: StandIn, application: Application, client: Client, typed: str
) -> None:
    company = Company.create(microsoft, application, domain=F20["connection_domain"])
    asked = query_of(next_address(ask(client, typed)))
    assert asked["client_id"] == company.app.client_id
    assert asked["login_hint"] == F20["expect_login_hint"]
    assert asked["domain_hint"] == F20["connection_domain"]
    asked = query_of(company.start(client, login_hint=typed))
    assert asked["login_hint"] == F20["expect_login_hint"]


def test_the_field_takes_what_a_browser_would_not_call_an_address(
    contoso: Company, client: Client
) -> None:
    """A browser refuses "Adele Vance <…>" in an input of the type "email", so it is never sent."""
    page = client.get("/login/").content.decode()
    assert '<input id="azuread-email" type="text" inputmode="email" name="email"' in page


def test_a_switch_leaves_the_primary_domain_out(contoso: Company, client: Client) -> None:
    contoso.connection.discover_domain = False
    contoso.connection.save()
    assert DomainAlias.objects.get().is_primary
    assert UNKNOWN in ask(client, "adele.vance@contoso.com").content.decode()
    contoso.connection.discover_domain = True
    contoso.connection.save()
    assert DomainAlias.objects.get().is_primary


def test_a_changed_primary_domain_moves_its_row(contoso: Company) -> None:
    contoso.connection.domain = "contoso.onmicrosoft.com"
    contoso.connection.save()
    assert [row.domain for row in DomainAlias.objects.all()] == ["contoso.onmicrosoft.com"]


def test_a_connection_without_a_button_is_reached_by_its_domain(
    contoso: Company, client: Client
) -> None:
    Connection.objects.update(show_as_button=False)
    assert "Continue with" not in client.get("/login/").content.decode()
    url = next_address(ask(client, "adele.vance@contoso.com"))
    assert url.startswith(contoso.microsoft.url)


def test_a_connection_in_the_address_overrides_the_page(contoso: Company, client: Client) -> None:
    response = client.get("/login/", {"connection": "contoso", "next": "/reports/"})
    assert contoso.come_back(client, response["Location"])["Location"] == "/reports/"
    assert client.get("/login/", {"connection": "nobody"}).status_code == 403


def test_the_form_is_guarded_against_forgery(contoso: Company) -> None:
    browser = Client(enforce_csrf_checks=True)
    assert browser.post("/login/", {"email": "a@contoso.com"}).status_code == 403


@pytest.mark.parametrize("domain", ["outlook.com", "GMAIL.com", "hotmail.co.uk", "yahoo.de"])
def test_domains_of_everybody_belong_to_no_company(domain: str) -> None:
    with pytest.raises(ValidationError, match="Anybody can have an address"):
        clean_alias(domain)


def test_a_disabled_connection_is_not_discovered(contoso: Company, client: Client) -> None:
    EnabledConnection.objects.update(application=ApplicationFactory.create())
    assert UNKNOWN in ask(client, "adele.vance@contoso.com").content.decode()


# Trying the domains of all companies


def try_unknown_addresses(client: Client, **extra: Any) -> None:
    for number in range(realm.UNKNOWN_LIMIT):
        client.post("/login/", {"email": f"a@company-{number}.example"}, **extra)


def test_trying_domains_ends_after_some_addresses(
    contoso: Company, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorter = realm.RateLimit("unknown_addresses", limit=3, seconds=900)
    monkeypatch.setattr(realm, "_UNKNOWN", shorter)
    monkeypatch.setattr(realm, "UNKNOWN_LIMIT", 3)
    try_unknown_addresses(client)
    for email in ("b@company.example", "adele.vance@contoso.com"):
        response = client.post("/login/", {"email": email})
        assert response.status_code == 429
        assert response["Retry-After"] == "900"
        page = response.content.decode()
        assert "Too many addresses" in page
        assert email in page
    # Buttons and another network still work.
    assert contoso.sign_in(client).status_code == 302
    elsewhere = client.post(
        "/login/", {"email": "adele.vance@contoso.com"}, REMOTE_ADDR="198.51.100.7"
    )
    assert next_address(elsewhere).startswith(contoso.microsoft.url)


def test_known_addresses_are_not_counted(
    contoso: Company, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorter = realm.RateLimit("unknown_addresses", limit=3, seconds=900)
    monkeypatch.setattr(realm, "_UNKNOWN", shorter)
    for _ in range(9):
        response = client.post("/login/", {"email": "adele.vance@contoso.com"})
        assert next_address(response).startswith(contoso.microsoft.url)


def test_clients_without_an_address_do_not_lock_each_other_out(
    contoso: Company, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorter = realm.RateLimit("unknown_addresses", limit=3, seconds=900)
    monkeypatch.setattr(realm, "_UNKNOWN", shorter)
    monkeypatch.setattr(realm, "UNKNOWN_LIMIT", 3)
    try_unknown_addresses(client, REMOTE_ADDR="")
    response = client.post("/login/", {"email": "adele.vance@contoso.com"}, REMOTE_ADDR="")
    assert next_address(response).startswith(contoso.microsoft.url)
