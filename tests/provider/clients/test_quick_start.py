"""The examples of *Quick start*, with a client of a site filled in, run as the admin shows them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.test import RequestFactory
from playwright.sync_api import Page

from azuread_connections.models import Application
from azuread_connections.provider.admin import quick_start
from azuread_connections.provider.models import API, ClientGrant
from tests.company import Company
from tests.provider.clients import recipes
from tests.provider.clients.pages import PageServer
from tests.provider.clients.person import Person
from tests.provider.clients.process import curl
from tests.provider.clients.site import Site
from tests.provider.relying_party import RelyingParty

pytestmark = pytest.mark.django_db(transaction=True)

ORIGIN = "https://client.example.com"
DJANGO_SITE = [sys.executable, "-m", "tests.provider.clients.django_site"]
PROGRAM = [sys.executable, "-m", "tests.provider.clients.program"]

RunClient = Callable[..., dict[str, Any]]


def example(title: str, party: RelyingParty) -> str:
    # The client was made with other objects in memory.
    party.client.refresh_from_db()
    shown = quick_start.examples(party.client, RequestFactory().get("/"))
    (code,) = [each.code for each in shown if each.title == title]
    return code.replace(quick_start.SECRET_PLACEHOLDER, party.secret)


def test_django_with_authlib(
    site: Site, contoso: Company, person: Person, run_client: RunClient
) -> None:
    party = RelyingParty.create(contoso, callback=f"{ORIGIN}/callback")
    found = run_client(
        DJANGO_SITE,
        party,
        lambda url: person.open(url, until=ORIGIN),
        settings="",
        urls="from django.http import JsonResponse\nfrom django.urls import path\n"
        + example("Django, Authlib", party)
        + "    return JsonResponse(dict(person))\n"
        + 'urlpatterns = [path("sign-in", sign_in), path("callback", callback)]',
        paths=["/sign-in"],
        with_user=False,
    )
    assert found["said"][0]["email"] == "adele.vance@contoso.com"


def test_django_with_mozilla_django_oidc(
    site: Site, contoso: Company, person: Person, run_client: RunClient
) -> None:
    party = RelyingParty.create(contoso, callback=f"{ORIGIN}/oidc/callback/")
    backend = "mozilla_django_oidc.auth.OIDCAuthenticationBackend"
    found = run_client(
        DJANGO_SITE,
        party,
        lambda url: person.open(url, until=ORIGIN),
        settings=example("Django, mozilla-django-oidc", party)
        + f'INSTALLED_APPS += ["mozilla_django_oidc"]\nAUTHENTICATION_BACKENDS = ["{backend}"]',
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
    code = recipes.for_a_page(example(library, spa_at(server.origin)), library)
    begin, _, arrive = code.partition("// On the callback page:\n")
    (sign_in,) = [line for line in begin.splitlines() if "edirect()" in line]
    result = {"auth0-spa-js": "person", "oidc-client-ts": "user.profile"}[library]

    page.goto(server.origin)
    # The page is left before the promise is kept.
    leave = begin.replace(sign_in, sign_in.replace("await", "void"))
    page.evaluate(f"async () => {{ {leave} }}")
    page.get_by_role("link", name="contoso").click()
    page.get_by_role("button", name="Adele Vance").click()
    page.wait_for_url(f"{server.origin}/callback?*")
    found = page.evaluate(
        f"async () => {{ {begin.replace(sign_in, '')}\n{arrive}\nreturn {result}; }}"
    )
    assert found["email"] == "adele.vance@contoso.com"


def test_a_native_application(
    site: Site, contoso: Company, person: Person, run_client: RunClient
) -> None:
    party = RelyingParty.create(
        contoso, application_type=Application.Type.NATIVE, callback="http://127.0.0.1:5000/callback"
    )
    code = example("Python, Authlib", party)
    before, _, after = code.partition("# Open the URL")
    browse = "from tests.provider.clients.session import open_in_browser\n"
    found = run_client(
        PROGRAM,
        party,
        lambda url: person.open(url, until=party.callback),
        code=f"{browse}{before}answer = open_in_browser(url)\n# {after}\n"
        "def scope():\n    return tokens['scope']",
        calls=[["scope"]],
    )
    assert found["results"] == ["openid profile email offline_access"]


@pytest.fixture
def granted(machine: RelyingParty) -> RelyingParty:
    api = API._default_manager.create(
        identifier="https://orders.example.com/", name="Orders", scopes={"read:orders": "see them"}
    )
    ClientGrant._default_manager.create(client=machine.client, api=api, scope="read:orders")
    return machine


def test_a_machine_with_curl(site: Site, granted: RelyingParty) -> None:
    tokens = curl(example("Client credentials, curl", granted), site.certificate)
    assert tokens["scope"] == "read:orders"


def test_a_machine_with_authlib(site: Site, granted: RelyingParty, run_client: RunClient) -> None:
    code = example("Client credentials, Authlib", granted)
    found = run_client(
        PROGRAM,
        granted,
        code=f"{code}\ndef scope():\n    return token['scope']",
        calls=[["scope"]],
    )
    assert found["results"] == ["read:orders"]


def test_a_device_with_curl(site: Site, contoso: Company, person: Person) -> None:
    party = RelyingParty.create(
        contoso,
        application_type=Application.Type.NATIVE,
        grant_types=[Application.GrantType.DEVICE_CODE],
    )
    ask, _, rest = example("Device flow, curl", party).partition("# Show")
    poll = rest.partition("\n")[2]
    codes = curl(ask, site.certificate)
    assert person.answer(codes["verification_uri_complete"], "allow").ok
    tokens = curl(
        poll.replace("device_code=DEVICE_CODE", f"device_code={codes['device_code']}"),
        site.certificate,
    )
    assert tokens["token_type"] == "Bearer"
