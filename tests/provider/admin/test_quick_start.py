"""Settings for a client that can be pasted."""

from __future__ import annotations

import ast
import shlex
from html import unescape
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import include, path

from azuread_connections.models import Application
from azuread_connections.provider.admin import quick_start
from azuread_connections.provider.models import API, ClientGrant, OAuthClient
from tests.admin.pages import text
from tests.factories import ApplicationFactory
from tests.provider.admin.pages import page_of
from tests.provider.relying_party import RelyingParty

pytestmark = pytest.mark.django_db

urlpatterns = [path("", include("azuread_connections.provider.urls"))]
ALL = [*Application.GrantType.values]


def examples(
    application_type: str, grant_types: list[str] | None = None, **options: Any
) -> dict[str, str]:
    """The examples of a new client, each title with its code."""
    application = ApplicationFactory.create(
        application_type=application_type,
        grant_types=ALL if grant_types is None else grant_types,
        **options,
    )
    client = OAuthClient.objects.register(application, client_id=f"id-{application.pk}")
    api = API.objects.create(name="Orders", identifier=f"urn:orders:{client.pk}")
    ClientGrant.objects.create(client=client, api=api)
    return {
        example.title: example.code
        for example in quick_start.examples(client, RequestFactory().get("/"))
    }


@pytest.mark.parametrize(
    ("application_type", "titles"),
    [
        (
            "regular_web",
            [
                "Django, Authlib",
                "Django, mozilla-django-oidc",
                "Client credentials, curl",
                "Client credentials, Authlib",
            ],
        ),
        ("spa", ["oidc-client-ts"]),
        ("native", ["Python, Authlib"]),
        ("machine_to_machine", ["Client credentials, curl", "Client credentials, Authlib"]),
    ],
)
def test_only_what_fits_the_type_is_shown(application_type: str, titles: list[str]) -> None:
    shown = examples(application_type, ["authorization_code", "client_credentials"])
    assert list(shown) == titles


def test_only_what_fits_the_grant_types_is_shown() -> None:
    assert list(examples("regular_web", ["authorization_code"])) == [
        "Django, Authlib",
        "Django, mozilla-django-oidc",
    ]
    assert examples("spa", []) == {}


def test_auth0s_library_needs_the_endpoints_at_the_root(settings: Any) -> None:
    assert "auth0-spa-js" not in examples("spa")
    settings.ROOT_URLCONF = __name__
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "PUBLIC_URL": "https://sso.example.com"
    }
    code = examples("spa", allowed_callback_urls=["https://spa.example/cb"])["auth0-spa-js"]
    assert 'domain: "sso.example.com"' in code
    assert 'redirect_uri: "https://spa.example/cb"' in code
    settings.AZUREAD_CONNECTIONS |= {"PUBLIC_URL": "http://localhost:8000"}
    assert 'domain: "http://localhost:8000"' in examples("spa")["auth0-spa-js"]
    assert "useRefreshTokens: true" in code
    assert 'audience: "urn:orders:' in code


def test_the_values_are_those_of_the_client() -> None:
    shown = examples("regular_web", allowed_callback_urls=["https://client.example/callback"])
    web = shown["Django, Authlib"]
    assert '"https://client.example/callback"' in web
    assert '"http://testserver/id/.well-known/openid-configuration"' in web
    assert '"openid profile email offline_access"' in web
    assert '"http://testserver/id/oauth/token"' in shown["Django, mozilla-django-oidc"]
    curl = shlex.split(shown["Client credentials, curl"])
    assert curl[:2] == ["curl", "http://testserver/id/oauth/token"]
    assert any(part.startswith("audience=urn:orders:") for part in curl)
    for code in shown.values():
        assert "id-" in code
        assert quick_start.SECRET_PLACEHOLDER in code


@pytest.mark.parametrize("title", ["Django, Authlib", "Django, mozilla-django-oidc"])
def test_a_django_client_on_the_same_host_gets_a_session_cookie_of_its_own(title: str) -> None:
    """Browsers ignore the port, so the sign-in here would overwrite the client's session."""
    same = examples("regular_web", allowed_callback_urls=["http://testserver:3000/callback"])
    other = examples("regular_web", allowed_callback_urls=["https://client.example/callback"])
    assert 'SESSION_COOKIE_NAME = "client_sessionid"' in same[title]
    assert "SESSION_COOKIE_NAME" not in other[title]


def test_odd_values_stay_values() -> None:
    """What an administrator typed cannot become a part of the code."""
    odd = "https://client.example/?a=\"'$(x)`${y}"
    for application_type in ("regular_web", "native"):
        shown = examples(application_type, allowed_callback_urls=[odd])
        for title, code in shown.items():
            if "curl" not in title:
                tree = ast.parse(code)
                texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
                assert odd in texts or "callback" not in code.lower()
    assert "\\\"'" in examples("spa", allowed_callback_urls=[odd])["oidc-client-ts"]


@pytest.mark.parametrize("is_confidential", [True, False])
def test_a_device_shows_its_secret_only_if_it_has_one(is_confidential: bool) -> None:
    facts = quick_start.Facts(
        application_type="regular_web" if is_confidential else "native",
        grant_types=frozenset({Application.GrantType.DEVICE_CODE}),
        issuer="https://sso.example.com/",
        authorize="",
        token="https://sso.example.com/oauth/token",  # an address
        userinfo="",
        device="https://sso.example.com/oauth/device/code",
        jwks="",
        client_id="the-id",
        callback="",
        scope="openid",
        audience="",
    )
    (example,) = quick_start._examples(facts)
    assert "curl https://sso.example.com/oauth/device/code" in example.code
    assert (quick_start.SECRET_PLACEHOLDER in example.code) is is_confidential


def test_a_client_without_an_api_is_told_to_get_one(
    admin_client: Client, machine: RelyingParty
) -> None:
    note = "Grant the application an API under “APIs” first, and save."
    assert note in text(admin_client.get(page_of(machine.application)))
    api = API.objects.create(name="Orders", identifier="urn:orders")
    ClientGrant.objects.create(client=machine.client, api=api)
    page = text(admin_client.get(page_of(machine.application)))
    assert note not in page
    assert "audience=urn:orders" in page


def test_the_page_shows_them(admin_client: Client, portal: RelyingParty) -> None:
    html = unescape(admin_client.get(page_of(portal.application)).content.decode())
    assert "Quick start" in html
    assert f'OIDC_RP_CLIENT_ID = "{portal.client_id}"' in html
    assert portal.secret not in html
