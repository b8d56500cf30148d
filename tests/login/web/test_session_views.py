from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from azuread_connections.models import Application, Identity
from azuread_connections.testing import next_address
from tests.company import Company
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_the_profile_is_the_signed_in_persons(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    response = client.get("/login/profile")
    assert response.status_code == 200
    assert response.json() == {
        "user": {
            "id": int(client.session["_auth_user_id"]),
            "username": "adele.vance@contoso.com",
            "email": "adele.vance@contoso.com",
        },
        "connection": "contoso",
        "directory": contoso.directory.tenant_id,
        "object_id": contoso.person.object_id,
        "profile": {
            "name": "Adele Vance",
            "given_name": "",
            "family_name": "",
            "email": "adele.vance@contoso.com",
            "email_verified": True,
            "username": "adele.vance@contoso.com",
        },
        "groups": [],
        "roles": [],
    }


def test_without_a_sign_in_the_profile_is_refused(client: Client, contoso: Company) -> None:
    assert client.get("/login/profile").status_code == 401
    client.force_login(UserFactory.create())
    assert client.get("/login/profile").status_code == 401


def test_signing_out_takes_a_post(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    assert client.get("/login/logout").status_code == 405
    assert client.get("/login/profile").status_code == 200
    response = client.post("/login/logout")
    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.get("/login/profile").status_code == 401


def test_signing_out_takes_a_token_against_forgery(contoso: Company) -> None:
    browser = Client(enforce_csrf_checks=True)
    contoso.sign_in(browser)
    assert browser.post("/login/logout").status_code == 403


def test_a_profile_is_never_cached(contoso, client):
    assert "no-store" in client.get("/login/profile")["Cache-Control"]


def test_profile_and_logout_answer_under_login_required(contoso, client, settings):
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    assert client.get("/login/profile").status_code == 401
    assert client.post("/login/logout")["Location"] == "/"


def test_a_deleted_identity_or_somebody_elses_has_no_profile(contoso, client):
    contoso.sign_in(client)
    Identity.objects.update(user=UserFactory.create())
    assert client.get("/login/profile").status_code == 401
    Identity.objects.all().delete()
    assert client.get("/login/profile").status_code == 401


def test_a_session_without_its_user_has_no_profile(contoso, client):
    contoso.sign_in(client)
    User.objects.update(is_active=False)
    assert client.get("/login/profile").status_code == 401


@pytest.mark.parametrize(
    ("asked", "arrived"),
    [
        ("https://other.example.com/bye", "https://other.example.com/bye"),
        ("https://evil.example.net/", "/"),
        ("//evil.example.net/", "/"),
        ("/goodbye/", "/goodbye/"),
        ("", "/"),
    ],
)
def test_signing_out_redirects_only_to_allowed_addresses(
    contoso: Company, client: Client, asked: str, arrived: str
) -> None:
    Application.objects.update(allowed_logout_urls=["https://other.example.com/bye"])
    contoso.sign_in(client)
    assert next_address(client.post("/login/logout", {"next": asked})) == arrived
