"""Consent: the return from Microsoft's page proves nothing."""

from __future__ import annotations

import time
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory

from azuread_connections.login.flows import consent
from azuread_connections.login.state import sealing
from azuread_connections.login.state.transaction import read_cookie
from azuread_connections.models import Application, Connection, Directory, Event
from azuread_connections.testing import StandIn
from azuread_connections.testing.directory.directories import Person
from tests.company import Company, error_code, query_of
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

GUID = "11112222-bbbb-3333-cccc-4444dddd5555"
CALLBACK = "/login/callback"


@pytest.fixture
def company(microsoft: StandIn, application: Application) -> Company:
    company = Company.create(microsoft, application, security_groups=True, enable_users_api=True)
    company.app.delegated = ["User.Read", "GroupMember.Read.All"]
    company.app.application = ["User.Read.All"]
    return company


@pytest.fixture
def admin(company: Company) -> Person:
    return company.directory.add_person("Lidia Holloway", admin=True)


@pytest.fixture
def staff(client: Client, db: None) -> User:
    user: User = UserFactory.create(username="staff", is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def begin(client: Client, connection: Connection) -> str:
    """Start as the admin's page does; return Microsoft's address."""
    request = RequestFactory().get("/")
    request.session = client.session
    response = consent.begin(request, Connection.objects.get(), "/admin/connection/")
    for name, morsel in response.cookies.items():
        client.cookies[name] = morsel.value
    return response["Location"]


def link(user: User) -> str:
    request = RequestFactory().get("/")
    request.user = user
    return consent.link_for_administrator(request, Connection.objects.get())


@pytest.mark.parametrize(
    ("change", "path", "scope"),
    [
        ({}, "/{tid}/v2.0/adminconsent", "https://graph.microsoft.com/.default"),
        ({"identity_api": "v1.0"}, "/{tid}/adminconsent", None),
        (
            {"use_common_endpoint": True},
            "/organizations/v2.0/adminconsent",
            "https://graph.microsoft.com/.default",
        ),
        ({"use_common_endpoint": True, "identity_api": "v1.0"}, "/common/adminconsent", None),
    ],
)
def test_the_consent_page_is_the_documented_one(
    company: Company, staff: User, client: Client, change: Any, path: str, scope: str | None
) -> None:
    Connection.objects.update(**change)
    url = begin(client, company.connection)
    assert urlsplit(url).path == path.format(tid=company.directory.tenant_id)
    asked = query_of(url)
    assert asked.get("scope") == scope
    assert asked["client_id"] == company.app.client_id
    assert asked["redirect_uri"] == "http://testserver/login/callback"


def test_a_grant_returns_to_the_page_where_it_began(
    company: Company, admin: Person, staff: User, client: Client
) -> None:
    response = client.get(company.microsoft.consent(begin(client, company.connection), admin))
    assert response["Location"] == "/admin/connection/"
    outcome = client.session["azuread_consent"]
    assert (outcome["connection"], outcome["granted"]) == (company.connection.pk, True)
    row = Directory.objects.get()
    assert row.consent_asked_by == "staff"
    assert row.consent_returned_at
    assert row.delegated_scopes == ""  # said, not proven
    company.sign_in(Client())
    assert "GroupMember.Read.All" in Directory.objects.get().delegated_scopes


def test_an_error_with_admin_consent_true_is_an_error(
    company: Company, admin: Person, staff: User, client: Client
) -> None:
    callback_url = company.microsoft.decline_consent(begin(client, company.connection), admin)
    assert query_of(callback_url)["admin_consent"] == "True"
    client.get(callback_url)
    assert client.session["azuread_consent"]["granted"] is False
    assert Directory.objects.get().consent_returned_at is None
    assert Event.objects.get(kind="consent_returned").aadsts_code == 65004


def test_a_return_without_an_answer_is_not_a_grant(
    company: Company, staff: User, client: Client
) -> None:
    state = query_of(begin(client, company.connection))["state"]
    client.get(CALLBACK, {"state": state})
    assert client.session["azuread_consent"]["granted"] is False


def test_a_forged_directory_is_believed_in_nothing(
    company: Company, staff: User, client: Client
) -> None:
    state = query_of(begin(client, company.connection))["state"]
    client.get(CALLBACK, {"state": state, "admin_consent": "True", "tenant": GUID})
    assert not Directory.objects.filter(tenant_id=GUID).exists()
    assert Directory.objects.get().consent_returned_at is None
    assert Connection.objects.get().tenant_id == company.directory.tenant_id


def test_a_consent_callback_in_another_browser_is_nothing(
    company: Company, admin: Person, staff: User, client: Client
) -> None:
    callback_url = company.microsoft.consent(begin(client, company.connection), admin)
    response = Client().get(callback_url)
    assert (response.status_code, error_code(response)) == (400, "transaction_missing")


def test_a_consent_transaction_signs_nobody_in(
    company: Company, staff: User, client: Client
) -> None:
    state = query_of(begin(client, company.connection))["state"]
    client.get(CALLBACK, {"state": state, "code": "1.Axxx"})
    assert company.microsoft.count("token") == 0
    assert User.objects.count() == 1


# The link for somebody without a session here


def test_a_copied_link_is_accepted_without_a_cookie_and_only_logged(
    company: Company, admin: Person
) -> None:
    url = link(UserFactory.create(username="staff"))
    response = Client().get(company.microsoft.consent(url, admin))
    assert response.status_code == 200
    assert "Thank you" in response.content.decode()
    event = Event.objects.get()
    assert (event.kind, event.person) == ("consent_returned", "staff")
    assert Directory.objects.get().consent_asked_by == "staff"


@pytest.mark.parametrize("junk", ["link.", "link.AAAA", "link.é", "link." + "A" * 4000])
def test_a_forged_link_is_refused(company: Company, junk: str) -> None:
    response = Client().get(CALLBACK, {"state": junk, "admin_consent": "True", "tenant": GUID})
    assert (response.status_code, error_code(response)) == (400, "transaction_missing")


def test_an_old_link_is_expired(company: Company, admin: Person) -> None:
    url = link(UserFactory.create(username="staff"))
    callback_url = company.microsoft.consent(url, admin)
    later = time.time() + consent.LINK_LIFETIME + 1
    with mock.patch("azuread_connections.login.flows.consent.time.time", return_value=later):
        response = Client().get(callback_url)
    assert (response.status_code, error_code(response)) == (400, "transaction_expired")


def test_a_link_is_sealed_under_a_separate_key(
    company: Company, staff: User, client: Client
) -> None:
    """A transaction's cookie is not a consent link, nor the reverse."""
    state = query_of(begin(client, company.connection))["state"]
    cookie = client.cookies[f"azuread_txn_{state}"].value
    response = Client().get(CALLBACK, {"state": f"link.{cookie}", "admin_consent": "True"})
    assert error_code(response) == "transaction_missing"
    request = RequestFactory().get("/")
    sealed = query_of(link(staff))["state"].removeprefix("link.")
    request.META["HTTP_COOKIE"] = f"azuread_txn_{state}={sealed}"
    with pytest.raises(sealing.BrokenSeal):
        read_cookie(request, state, secure=False)


def test_error_text_of_the_return_is_shown_as_text(company: Company) -> None:
    state = query_of(link(UserFactory.create(username="staff")))["state"]
    response = Client().get(
        CALLBACK, {"state": state, "error": "x", "error_description": "<script>alert(1)</script>"}
    )
    assert response.status_code == 200
    assert b"<script>" not in response.content


def test_a_consent_that_failed_is_noted_of_no_directory(contoso, client, rf):
    Directory.objects.get_or_create(
        connection=contoso.connection, tenant_id=contoso.directory.tenant_id
    )
    request = rf.get("/")
    request.user = UserFactory.create(username="u" * 150)
    state = query_of(consent.link_for_administrator(request, contoso.connection))["state"]
    client.get(
        "/login/callback",
        {
            "state": state,
            "error": "access_denied",
            "admin_consent": "True",
            "tenant": contoso.directory.tenant_id,
        },
    )
    assert not Directory.objects.exclude(consent_returned_at=None).exists()
    client.get(
        "/login/callback",
        {
            "state": state,
            "admin_consent": "True",
            "tenant": contoso.directory.tenant_id + "x" * 9000,
        },
    )
    assert all(len(message) < 200 for message in Event.objects.values_list("message", flat=True))
