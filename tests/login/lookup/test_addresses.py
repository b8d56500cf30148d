from __future__ import annotations

import re
import sys
from importlib import import_module
from types import ModuleType
from typing import Any, ClassVar

import pytest
from django.test import Client, RequestFactory
from django.urls import clear_url_caches, include, path, set_urlconf
from django.urls.resolvers import URLResolver

from azuread_connections.login.lookup import addresses
from azuread_connections.login.lookup.addresses import may_leave_site, safe_destination
from azuread_connections.models import Application
from project.urls import urlpatterns as demo
from tests.company import Company
from tests.factories import ApplicationFactory

DEFAULT = "/"
#: A site that includes our URLs twice, the second time under an instance namespace.
urlpatterns = [path("sso/", include("azuread_connections.urls", namespace="sso")), *demo]


@pytest.fixture
def portal(db: None) -> Application:
    application: Application = ApplicationFactory.create(slug="portal", name="Portal")
    return application


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("/reports/", "/reports/"),
        ("/reports/?year=2026&q=a%20b#top", "/reports/?year=2026&q=a%20b#top"),
        ("http://testserver/reports/", "/reports/"),
        ("/größe/", "/gr%C3%B6%C3%9Fe/"),
        ("/login/profile", "/login/profile"),
        (None, DEFAULT),
        ("", DEFAULT),
        ("reports/", DEFAULT),
        ("https://evil.example.net/", DEFAULT),
        ("//evil.example.net/", DEFAULT),
        ("///evil.example.net/", DEFAULT),
        ("http:///evil.example.net/", DEFAULT),
        ("http:evil.example.net", DEFAULT),
        ("/\\evil.example.net", DEFAULT),
        ("\\\\evil.example.net", DEFAULT),
        ("http://testserver@evil.example.net/", DEFAULT),
        ("http://testserver.evil.example.net/", DEFAULT),
        ("http://testserver//evil.example.net/", DEFAULT),
        ("http://ｔestserver.evil.example.net/", DEFAULT),
        ("javascript:alert(1)", DEFAULT),
        ("data:text/html,x", DEFAULT),
        ("/reports\r\nSet-Cookie: a=b", DEFAULT),
        ("/" + "x" * 512, DEFAULT),
        ("/" + "ö" * 200, DEFAULT),
        ("/login/", DEFAULT),
        ("/login/contoso/", DEFAULT),
        ("/login/contoso", DEFAULT),
        ("/login/callback?code=x", DEFAULT),
        ("/login/%63ontoso/", DEFAULT),
        ("/x/../login/contoso/", DEFAULT),
        ("/x/%2e%2e/login/contoso/", DEFAULT),
    ],
)
def test_only_a_path_of_this_site_is_a_destination(rf: Any, asked: str, expected: str) -> None:
    assert safe_destination(rf.get("/"), asked) == expected


def test_under_a_script_prefix_the_sign_in_is_still_no_destination(rf: Any) -> None:
    from django.urls import set_script_prefix

    set_script_prefix("/app/")
    try:
        assert safe_destination(rf.get("/"), "/app/login/contoso/") == "/app/"
        assert safe_destination(rf.get("/"), "/app/reports/") == "/app/reports/"
    finally:
        set_script_prefix("/")


@pytest.mark.urls("tests.login.lookup.test_addresses")
@pytest.mark.parametrize("asked", ["/sso/", "/sso/contoso/", "/sso/callback?code=x"])
def test_a_sign_in_is_known_under_every_name_that_a_site_includes_it_by(
    rf: Any, asked: str
) -> None:
    assert safe_destination(rf.get("/"), asked) == DEFAULT


@pytest.mark.urls("tests.login.lookup.test_addresses")
def test_the_start_of_a_sign_in_leaves_the_site_under_every_name() -> None:
    assert may_leave_site("/sso/contoso/")


@pytest.mark.django_db
def test_an_allowed_callback_url_is_a_destination_to_the_letter(
    contoso: Company, client: Client
) -> None:
    allowed = "https://other.example.com/welcome?from=here"
    Application.objects.update(allowed_callback_urls=[allowed])
    assert contoso.sign_in(client, next=allowed)["Location"] == allowed
    for other in (f"{allowed}&x=1", "https://other.example.com/", allowed.upper()):
        assert contoso.sign_in(Client(), next=other)["Location"] == "/"


@pytest.mark.django_db
def test_an_url_allowed_for_one_application_is_not_allowed_for_another(
    contoso: Company, portal: Application, client: Client
) -> None:
    portal.allowed_callback_urls = ["https://portal.example.com/"]
    portal.save()
    assert contoso.sign_in(client, next="https://portal.example.com/")["Location"] == "/"


class TenantPrefix:
    """The pattern of a site whose tenants are folders: its text changes between requests."""

    tenant = "contoso"
    converters: ClassVar[dict[str, Any]] = {}

    @property
    def regex(self) -> re.Pattern[str]:
        return re.compile(str(self))

    def match(self, path: str) -> Any:
        return (path.removeprefix(str(self)), (), {}) if path.startswith(str(self)) else None

    def __str__(self) -> str:
        return f"clients/{self.tenant}/"


def test_a_tenant_in_a_folder_has_a_callback_url_of_its_own(
    settings: Any, rf: RequestFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.AZUREAD_CONNECTIONS = {"PUBLIC_URL": "https://app.example.com"}
    urls: Any = ModuleType("urls_of_tenants")
    inner = import_module(settings.ROOT_URLCONF).urlpatterns
    urls.urlpatterns = [URLResolver(TenantPrefix(), list(inner))]
    monkeypatch.setitem(sys.modules, urls.__name__, urls)
    found = []
    try:
        set_urlconf(urls.__name__)
        for tenant in ("contoso", "fabrikam"):
            monkeypatch.setattr(TenantPrefix, "tenant", tenant)
            clear_url_caches()
            found.append(addresses.redirect_uri(rf.get("/"), is_own_host=False))
    finally:
        set_urlconf(None)
        clear_url_caches()
    assert found == [
        f"https://app.example.com/clients/{tenant}/login/callback"
        for tenant in ("contoso", "fabrikam")
    ]
