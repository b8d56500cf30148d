"""Try: a real sign-in that signs nobody in and creates nobody."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.test import Client, RequestFactory

from azuread_connections import signals
from azuread_connections.login import trial
from azuread_connections.models import ClientSecret, Connection, Directory, Event, Identity
from tests.company import Company
from tests.factories import ClientSecretFactory, IdentityFactory, UserFactory

pytestmark = pytest.mark.django_db

PAGE = "/admin/trial/"


@pytest.fixture
def staff(client: Client, db: None) -> User:
    user: User = UserFactory.create(username="staff", is_staff=True)
    client.force_login(user)
    return user


def begin(client: Client) -> str:
    request = RequestFactory().get("/")
    request.session = client.session
    response = trial.begin(request, Connection.objects.get(), PAGE)
    for name, morsel in response.cookies.items():
        client.cookies[name] = morsel.value
    return response["Location"]


def attempt(company: Company, client: Client) -> dict[str, Any]:
    response = client.get(company.microsoft.sign_in(begin(client), company.person))
    assert response["Location"] == PAGE
    outcome: dict[str, Any] = client.session["azuread_trial"]
    return outcome


def test_a_trial_tells_all_and_changes_nothing(
    contoso: Company, staff: User, client: Client
) -> None:
    heard: list[Any] = []

    def listen(**kwargs: Any) -> None:
        heard.append(kwargs)

    signals.user_created.connect(listen)
    signals.signed_in.connect(listen)
    try:
        outcome = attempt(contoso, client)
    finally:
        signals.user_created.disconnect(listen)
        signals.signed_in.disconnect(listen)
    assert outcome["works"] is True
    assert outcome["claims"]["oid"] == contoso.person.object_id
    assert outcome["profile"]["email"] == "adele.vance@contoso.com"
    assert outcome["user"] == "A new user, adele.vance@contoso.com."
    assert get_user(client) == staff  # type: ignore[arg-type]
    assert not Identity.objects.exists()
    assert User.objects.count() == 1
    assert heard == []
    event = Event.objects.get()
    assert (event.kind, event.code, event.person) == ("tried", "", "staff")


def test_a_trial_needs_no_application(contoso: Company, staff: User, client: Client) -> None:
    contoso.connection.enabledconnection_set.all().delete()
    assert attempt(contoso, client)["works"] is True


def test_a_trial_says_who_it_would_be(contoso: Company, staff: User, client: Client) -> None:
    user = UserFactory.create(username="adele")
    IdentityFactory.create(
        user=user, tenant_id=contoso.directory.tenant_id, object_id=contoso.person.object_id
    )
    assert attempt(contoso, client)["user"] == "adele, who is tied to this person."
    Identity.objects.all().delete()
    Connection.objects.update(link_by_email=True)
    User.objects.filter(pk=user.pk).update(email="adele.vance@contoso.com")
    assert "would be tied to it" in attempt(contoso, client)["user"]
    user.refresh_from_db()
    assert not Identity.objects.exists()


def test_a_failure_tells_what_the_log_tells(contoso: Company, staff: User, client: Client) -> None:
    ClientSecret.objects.all().delete()
    ClientSecretFactory.create(connection=contoso.connection, value="wrong-secret")
    outcome = attempt(contoso, client)
    assert (outcome["works"], outcome["code"]) == (False, "secret_rejected")
    assert outcome["aadsts_code"] == 7000215
    assert outcome["correlation_id"]
    assert "wrong-secret" not in repr(outcome)
    assert Event.objects.get(kind="tried").aadsts_code == 7000215


def test_a_refused_person_is_told_with_their_claims(
    contoso: Company, staff: User, client: Client
) -> None:
    Connection.objects.update(create_users=False)
    outcome = attempt(contoso, client)
    assert (outcome["works"], outcome["code"]) == (False, "user_refused")
    assert outcome["claims"]["name"] == "Adele Vance"


def test_a_trial_adds_no_directory(contoso: Company, staff: User, client: Client) -> None:
    northwind = contoso.microsoft.add_directory("northwindtraders.com")
    contoso.app.multi_tenant = True
    contoso.app.grant(northwind)
    contoso.person = northwind.add_person("Patti Fernandez")
    Connection.objects.update(use_common_endpoint=True, new_directories="hold")
    assert attempt(contoso, client)["code"] == "directory_waiting"
    Connection.objects.update(new_directories="accept")
    assert attempt(contoso, client)["works"] is True
    assert not Directory.objects.filter(tenant_id=northwind.tenant_id).exists()


def test_incomplete_answers_of_graph_are_told(
    contoso: Company, staff: User, client: Client
) -> None:
    Connection.objects.update(extended_profile=True)
    contoso.microsoft.fault("me", status=403, body="{}", content_type="application/json")
    outcome = attempt(contoso, client)
    assert outcome["works"] is True
    assert "403" in outcome["problems"][0]


def test_a_connection_edited_meanwhile_is_told(
    contoso: Company, staff: User, client: Client
) -> None:
    url = begin(client)
    Connection.objects.update(identity_api="v1.0")
    client.get(contoso.microsoft.sign_in(url, contoso.person))
    assert client.session["azuread_trial"]["code"] == "transaction_expired"


def test_only_the_browser_that_began_sees_the_outcome(
    contoso: Company, staff: User, client: Client
) -> None:
    callback_url = contoso.microsoft.sign_in(begin(client), contoso.person)
    assert Client().get(callback_url).status_code == 400
    assert "azuread_trial" not in client.session


def test_the_outcome_of_one_connection_is_not_shown_for_another(
    contoso: Company, fabrikam: Company, staff: User, client: Client
) -> None:
    request = RequestFactory().get("/")
    request.session = client.session
    request.session["azuread_trial"] = {"connection": contoso.connection.pk, "works": True}
    assert trial.outcome_of(request, contoso.connection) is not None
    assert trial.outcome_of(request, fabrikam.connection) is None
