"""Applications: which one a sign-in is for, where it can end, and who is admitted."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path

from azuread_connections.login.web.views import SignInView
from azuread_connections.models import Application, EnabledConnection
from tests.company import Company, error_code, query_of
from tests.factories import ApplicationFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


urlpatterns = [
    path("login/", include("azuread_connections.urls")),
    path("portal/login/", SignInView.as_view(application="portal")),
    path("password/", HttpResponse, name="password_login"),
    path("", HttpResponse, name="home"),
]


@pytest.fixture
def portal(db: None) -> Application:
    application: Application = ApplicationFactory.create(slug="portal", name="Portal")
    return application


def only_for(application: Application) -> None:
    EnabledConnection.objects.update(application=application)


# Which application


def test_the_view_comes_before_the_parameter_the_host_and_the_setting(
    contoso: Company, portal: Application, client: Client
) -> None:
    only_for(portal)
    page = client.get("/portal/login/?application=default").content.decode()
    assert "Sign in to Portal" in page
    assert 'href="/login/contoso/?application=portal"' in page


def test_the_parameter_comes_before_the_host(
    contoso: Company, portal: Application, client: Client
) -> None:
    portal.set_hosts(["testserver"])
    assert "Continue with" not in client.get("/login/").content.decode()
    assert "Continue with" in client.get("/login/?application=default").content.decode()


@pytest.mark.parametrize("named", [" ", "nobody", "\t"])
def test_an_unknown_application_is_not_replaced_by_the_default_one(
    contoso: Company, client: Client, named: str
) -> None:
    """MariaDB ignores trailing blanks."""
    response = client.get("/login/contoso/", {"application": named})
    assert (response.status_code, error_code(response)) == (403, "connection_disabled")


@pytest.mark.parametrize("named", ["", "\x00"])
def test_an_empty_name_names_no_application(contoso: Company, client: Client, named: str) -> None:
    assert client.get("/login/contoso/", {"application": named}).status_code == 302


def test_the_host_comes_before_the_setting(
    contoso: Company, portal: Application, client: Client, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    portal.set_hosts(["portal.example.com"])
    only_for(portal)
    there = {"host": "portal.example.com"}
    assert 'href="/login/contoso/"' in client.get("/login/", headers=there).content.decode()
    url = client.get("/login/contoso/", headers=there)["Location"]
    assert query_of(url)["redirect_uri"] == "http://portal.example.com/login/callback"
    assert client.get("/login/contoso/").status_code == 403


# Types and grants


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            {"application_type": "machine_to_machine"},
            "People cannot sign in to a machine-to-machine",
        ),
    ],
)
def test_an_application_that_signs_nobody_in_offers_nothing_and_says_why(
    contoso: Company, client: Client, change: dict[str, Any], why: str
) -> None:
    url = contoso.start(client)
    Application.objects.update(**change)
    page = client.get("/login/").content.decode()
    assert why in page
    assert "Continue with" not in page
    assert client.get("/login/contoso/").status_code == 403
    assert client.post("/login/", {"email": "a@contoso.com"}).status_code == 200
    response = contoso.come_back(client, url)
    assert (response.status_code, error_code(response)) == (403, "connection_disabled")


@pytest.mark.parametrize("kind", ["native", "spa", "regular_web"])
def test_other_types_sign_people_in(contoso: Company, client: Client, kind: str) -> None:
    Application.objects.update(application_type=kind)
    assert contoso.sign_in(client).status_code == 302


@pytest.mark.parametrize("application_type", ["machine_to_machine"])
def test_an_application_without_sign_in_shows_no_button(
    contoso, application, client, application_type
):
    application.application_type = application_type
    application.save()
    from azuread_connections.login.lookup.enabled import shown_as_buttons

    assert shown_as_buttons(application).connections == []
