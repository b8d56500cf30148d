"""Try: a real sign-in that signs nobody in and creates no user."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.utils import timezone

from azuread_connections import signals
from azuread_connections.login.flows import trial
from azuread_connections.models import Connection, Credential, Directory, Event, Identity
from tests.company import Company, error_code, query_of
from tests.factories import CredentialFactory, FederatedFactory, IdentityFactory, UserFactory

pytestmark = pytest.mark.django_db

PAGE = "/admin/trial/"
CHALLENGE = {"access_token": {"capolids": {"essential": True, "values": ["c0ffee"]}}}


@pytest.fixture
def staff(client: Client, db: None) -> User:
    user: User = UserFactory.create(username="staff", is_staff=True)
    client.force_login(user)
    return user


def request_of(client: Client) -> Any:
    request = RequestFactory().get("/")
    request.session = client.session
    request.user = get_user(client)  # type: ignore[arg-type]
    return request


def begin(client: Client, connection: Connection | None = None) -> str:
    request = request_of(client)
    response = trial.begin(request, connection or Connection.objects.get(), PAGE)
    request.session.save()
    for name, morsel in response.cookies.items():
        client.cookies[name] = morsel.value
    return response["Location"]


def attempt(company: Company, client: Client) -> dict[str, Any]:
    response = client.get(company.microsoft.sign_in(begin(client), company.person))
    assert response["Location"] == PAGE
    return outcome_of(client, company)


def outcome_of(client: Client, company: Company) -> dict[str, Any]:
    outcome = trial.outcome_of(request_of(client), company.connection)
    assert outcome is not None
    return outcome


def test_a_trial_shows_everything_and_changes_nothing(
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
    assert outcome["user"] == (
        "A new user, adele.vance@contoso.com. Nobody is tied to this person yet, and users are "
        "created."
    )
    assert get_user(client) == staff  # type: ignore[arg-type]
    assert not Identity.objects.exists()
    assert User.objects.count() == 1
    assert heard == []
    event = Event.objects.get()
    assert (event.kind, event.code, event.person) == ("tried", "", "staff")


def test_a_trial_needs_no_application(contoso: Company, staff: User, client: Client) -> None:
    contoso.connection.enabledconnection_set.all().delete()
    assert attempt(contoso, client)["works"] is True


def test_a_session_keeps_one_outcome_of_a_connection(
    contoso: Company, staff: User, client: Client
) -> None:
    """Only the last one is shown, and one fits into a signed cookie."""
    for _ in range(3):
        attempt(contoso, client)
    kept = client.session["azuread_trials"]
    assert [trial["outcome"]["works"] for trial in kept] == [True]


def test_a_trial_says_who_it_would_be(contoso: Company, staff: User, client: Client) -> None:
    user = UserFactory.create(username="adele")
    IdentityFactory.create(
        user=user, tenant_id=contoso.directory.tenant_id, object_id=contoso.person.object_id
    )
    assert attempt(contoso, client)["user"] == "adele, who is tied to this person."
    Identity.objects.all().delete()
    Connection.objects.update(link_by_email=True)
    User.objects.filter(pk=user.pk).update(email="adele.vance@contoso.com")
    assert "would be linked" in attempt(contoso, client)["user"]
    user.refresh_from_db()
    assert not Identity.objects.exists()


def test_a_failed_trial_shows_what_the_log_says(
    contoso: Company, staff: User, client: Client
) -> None:
    Credential.objects.all().delete()
    CredentialFactory.create(connection=contoso.connection, value="wrong-secret")
    outcome = attempt(contoso, client)
    assert (outcome["works"], outcome["code"]) == (False, "secret_rejected")
    assert outcome["aadsts_code"] == 7000215
    assert outcome["correlation_id"]
    assert "wrong-secret" not in repr(outcome)
    assert Event.objects.get(kind="tried").aadsts_code == 7000215


def test_a_failed_trial_says_why_a_token_file_cannot_be_used(
    contoso: Company, staff: User, client: Client
) -> None:
    Credential.objects.all().delete()
    FederatedFactory.create(connection=contoso.connection, token_file="/nowhere/token")
    outcome = attempt(contoso, client)
    assert not outcome["works"]
    shown = str(outcome)
    assert "There is no token file /nowhere/token." in shown
    assert "Check the path, and whether the volume with the token is mounted" in shown


def test_a_refused_person_is_shown_with_their_claims(
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


def test_incomplete_answers_of_graph_are_shown(
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
    assert outcome_of(client, contoso)["code"] == "transaction_expired"


def test_only_the_browser_that_began_sees_the_outcome(
    contoso: Company, staff: User, client: Client
) -> None:
    callback_url = contoso.microsoft.sign_in(begin(client), contoso.person)
    assert Client().get(callback_url).status_code == 400
    assert trial.outcome_of(request_of(client), contoso.connection) is None


def test_two_trials_in_two_tabs_keep_their_outcomes(
    contoso: Company, fabrikam: Company, staff: User, client: Client
) -> None:
    companies = (contoso, fabrikam)
    at_microsoft = [begin(client, company.connection) for company in companies]
    for company, url in zip(companies, at_microsoft, strict=True):
        client.get(company.microsoft.sign_in(url, company.person))
    for company in companies:
        assert outcome_of(client, company)["claims"]["oid"] == company.person.object_id


def test_a_session_remembers_a_few_trials(contoso: Company, staff: User, client: Client) -> None:
    for _number in range(9):
        begin(client)
    assert len(client.session["azuread_trials"]) == 4


@pytest.mark.parametrize("is_staff", [True, False])
def test_a_trial_ends_only_for_who_began_it(
    contoso: Company, staff: User, client: Client, is_staff: bool
) -> None:
    callback_url = contoso.microsoft.sign_in(begin(client), contoso.person)
    asked = contoso.microsoft.count()
    client.force_login(UserFactory.create(username="colleague", is_staff=is_staff))
    response = client.get(callback_url)
    assert error_code(response) == "transaction_expired"
    assert trial.outcome_of(request_of(client), contoso.connection) is None
    assert contoso.microsoft.count() == asked
    assert not Event.objects.filter(kind="tried").exists()


def test_a_trial_that_ends_after_signing_out_is_read_by_nobody(
    contoso: Company, staff: User, client: Client
) -> None:
    callback_url = contoso.microsoft.sign_in(begin(client), contoso.person)
    client.session.flush()  # as signing out in another tab does
    assert error_code(client.get(callback_url)) == "transaction_expired"
    # Signing in keeps what an anonymous session holds.
    client.force_login(UserFactory.create(username="colleague", is_staff=True))
    assert trial.outcome_of(request_of(client), contoso.connection) is None


def test_an_outcome_left_in_a_session_is_read_by_its_owner_only(
    contoso: Company, staff: User, client: Client
) -> None:
    attempt(contoso, client)
    request = request_of(client)
    request.user = UserFactory.create(username="colleague", is_staff=True)
    assert trial.outcome_of(request, contoso.connection) is None


def test_a_trial_without_a_return_is_recorded(
    contoso: Company, fabrikam: Company, staff: User, client: Client
) -> None:
    url = begin(client, contoso.connection)
    request = request_of(client)
    begun_at = trial.open_since(request, contoso.connection)
    assert begun_at is not None
    assert timezone.now() - begun_at < timedelta(minutes=1)
    assert trial.open_since(request, fabrikam.connection) is None
    client.get(contoso.microsoft.sign_in(url, contoso.person))
    assert trial.open_since(request_of(client), contoso.connection) is None


def test_a_trial_explains_a_missing_encryption_key(
    contoso: Company, staff: User, client: Client, settings: Any
) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"ENCRYPTION_KEYS": []}
    outcome = attempt(contoso, client)
    assert outcome["code"] == "secret_rejected"
    assert "ENCRYPTION_KEYS" in outcome["detail"]


def test_a_trial_asks_microsoft_before_it_says_who_would_be_linked(
    contoso: Company, staff: User, client: Client
) -> None:
    Connection.objects.update(link_by_email=True)
    UserFactory.create(username="adele", email=contoso.person.mail)
    assert "adele, who has the same address" in attempt(contoso, client)["user"]
    assert contoso.microsoft.count("discovery") == 1

    contoso.microsoft.fault("discovery", status=503)
    assert attempt(contoso, client)["code"] == "microsoft_unreachable"

    contoso.microsoft.move_domain("contoso.com")
    assert "A new user" in attempt(contoso, client)["user"]
    assert not Identity.objects.exists()


@pytest.mark.parametrize("endpoint", ["token", "me"])
def test_a_claims_challenge_is_followed_once_as_in_a_sign_in(
    contoso: Company, staff: User, client: Client, endpoint: str
) -> None:
    Connection.objects.update(extended_profile=True, prompt="login")
    contoso.microsoft.fault(endpoint, aadsts=50076, claims=CHALLENGE)
    again = client.get(contoso.microsoft.sign_in(begin(client), contoso.person))["Location"]
    asked = query_of(again)
    assert json.loads(asked["claims"])["access_token"] == CHALLENGE["access_token"]
    assert "prompt" not in asked
    assert trial.outcome_of(request_of(client), contoso.connection) is None
    assert contoso.come_back(client, again)["Location"] == PAGE
    assert outcome_of(client, contoso)["works"] is True
    assert not Event.objects.filter(code="access_denied").exists()


def test_a_second_challenge_is_the_outcome_of_a_trial(
    contoso: Company, staff: User, client: Client
) -> None:
    contoso.microsoft.fault("token", aadsts=50076, claims=CHALLENGE, times=2)
    again = client.get(contoso.microsoft.sign_in(begin(client), contoso.person))["Location"]
    assert contoso.come_back(client, again)["Location"] == PAGE
    outcome = outcome_of(client, contoso)
    assert (outcome["works"], outcome["aadsts_code"]) == (False, 50076)
