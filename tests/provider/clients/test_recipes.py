"""The recipes of docs/provider-clients.md, run as they stand there."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page

from azuread_connections.models import Application
from azuread_connections.provider.models import API, ClientGrant
from tests.company import Company
from tests.provider.clients import recipes
from tests.provider.clients.pages import PageServer
from tests.provider.clients.person import Person
from tests.provider.clients.process import curl
from tests.provider.clients.site import Site
from tests.provider.devices import pass_time
from tests.provider.relying_party import RelyingParty

pytestmark = pytest.mark.django_db(transaction=True)

AUDIENCE = "https://api.example.com/"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
ORIGIN = "https://client.example.com"


@pytest.fixture
def orders(machine: RelyingParty) -> API:
    api = API._default_manager.create(
        identifier=AUDIENCE, name="Orders", scopes={"read:orders": "see your orders"}
    )
    ClientGrant._default_manager.create(client=machine.client, api=api, scope="read:orders")
    return api


def test_each_recipe_is_run_here() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    assert {name for name in recipes.names() if f'"{name}"' not in here} == set()


def test_django_with_authlib(
    site: Site, contoso: Company, person: Person, run_client: Callable[..., dict[str, Any]]
) -> None:
    party = RelyingParty.create(contoso, callback=f"{ORIGIN}/callback")
    party.application.allowed_logout_urls = [f"{ORIGIN}/"]
    party.application.save()

    found = run_client(
        [sys.executable, "-m", "tests.provider.clients.django_site"],
        party,
        lambda url: person.open(url, until=ORIGIN),
        settings="",
        urls=recipes.recipe("authlib", site, party),
        paths=["/sign-in", "/refresh", "/sign-out"],
        with_user=False,
    )

    signed_in, refreshed, signed_out = found["said"]
    assert signed_in["name"] == "Adele Vance"
    assert signed_in["iss"] == site.issuer
    assert refreshed["sub"] == signed_in["sub"]
    assert signed_out == 404  # the client's front page, which the recipe does not have
    assert person.session.get(f"{site.url}/login/profile").status_code == 401


def test_django_with_mozilla_django_oidc(
    site: Site, contoso: Company, person: Person, run_client: Callable[..., dict[str, Any]]
) -> None:
    party = RelyingParty.create(contoso, callback=f"{ORIGIN}/oidc/callback/")

    found = run_client(
        [sys.executable, "-m", "tests.provider.clients.django_site"],
        party,
        lambda url: person.open(url, until=ORIGIN),
        settings=recipes.recipe("mozilla-django-oidc", site, party),
        urls="from django.urls import include, path\n"
        'urlpatterns = [path("oidc/", include("mozilla_django_oidc.urls"))]',
        paths=["/oidc/authenticate/"],
        with_user=True,
    )

    assert found["user"] == "adele.vance@contoso.com"


@pytest.mark.browser
@pytest.mark.parametrize("library", ["auth0-spa-js", "oidc-client-ts"])
def test_a_single_page(
    library: str,
    site: Site,
    page: Page,
    serve_page: Callable[[str], PageServer],
    spa_at: Callable[..., RelyingParty],
) -> None:
    server = serve_page(library)
    code = recipes.recipe(library, site, spa_at(server.origin), origin=server.origin)
    code = recipes.for_a_page(code, library)

    def run(then: str) -> Any:
        return page.evaluate(f"async () => {{ {code}\n return {then}; }}")

    page.goto(server.origin)
    run("void signIn()")
    page.get_by_role("button", name="Adele Vance").click()
    page.wait_for_url(f"{server.origin}/callback?*")
    run("await arrive()")
    assert run("await whoIsIt()")["email"] == "adele.vance@contoso.com"
    assert run("await accessToken()")
    run("void signOut()")
    page.wait_for_url(f"{server.origin}/bye*")
    assert not run("await whoIsIt()")


@pytest.fixture
def native(contoso: Company) -> RelyingParty:
    return RelyingParty.create(
        contoso,
        application_type=Application.Type.NATIVE,
        callback="http://127.0.0.1/callback",
    )


def test_a_native_application_with_a_loopback_address(
    site: Site, native: RelyingParty, person: Person, run_client: Callable[..., dict[str, Any]]
) -> None:
    def browse(url: str) -> str:
        back = person.open(url, until="http://127.0.0.1:")
        assert "You can close this window." in requests.get(back, timeout=10).text
        return back

    found = run_client(
        [sys.executable, "-m", "tests.provider.clients.program"],
        native,
        browse,
        code=recipes.recipe("native", site, native),
        calls=[],
    )

    assert found["printed"] == "Hello, Adele Vance\nStill adele.vance@contoso.com\n"


def test_a_machine_with_curl(site: Site, machine: RelyingParty, orders: API) -> None:
    tokens = curl(recipes.recipe("machine", site, machine), site.certificate)
    assert tokens["token_type"] == "Bearer"
    assert tokens["scope"] == "read:orders"


def test_a_device_with_curl(site: Site, contoso: Company, person: Person) -> None:
    party = RelyingParty.create(
        contoso, application_type=Application.Type.NATIVE, grant_types=[DEVICE_CODE]
    )
    codes = curl(recipes.recipe("device-codes", site, party), site.certificate)
    ask = recipes.recipe("device-token", site, party)
    ask = ask.replace("the-device-code", codes["device_code"])
    assert curl(ask, site.certificate)["error"] == "authorization_pending"
    assert person.answer(codes["verification_uri_complete"], "allow").ok
    pass_time(seconds=60)
    assert curl(ask, site.certificate)["token_type"] == "Bearer"


def test_an_api_that_checks_access_tokens(
    site: Site, machine: RelyingParty, orders: API, run_client: Callable[..., dict[str, Any]]
) -> None:
    token = curl(recipes.recipe("machine", site, machine), site.certificate)["access_token"]
    found = run_client(
        [sys.executable, "-m", "tests.provider.clients.program"],
        machine,
        code=recipes.recipe("api", site, machine),
        calls=[["verify", token], ["verify", "opaque"]],
    )
    claims, refused = found["results"]
    assert claims["scope"] == "read:orders"
    assert refused == "DecodeError"
