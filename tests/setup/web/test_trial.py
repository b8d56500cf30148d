"""The step “Try it”."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client

from azuread_connections import signals
from azuread_connections.models import (
    Connection,
    Credential,
    EnabledConnection,
    Event,
    GroupMapping,
    Identity,
    SetupLink,
)
from azuread_connections.setup import steps
from tests.company import Company
from tests.factories import CredentialFactory, FederatedFactory, IdentityFactory, UserFactory
from tests.setup.invited import Invited

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(contoso: Company, client: Client) -> Invited:
    return Invited.invite(contoso, client)


def test_the_page_names_who_signed_in_and_stays(customer: Invited) -> None:
    page = customer.try_it()
    assert 'data-setup-step="try"' in page
    assert "It works" in page
    assert "Adele Vance" in page
    assert "adele.vance@contoso.com" in page
    assert 'name="finish"' in page


def test_a_trial_creates_nobody_and_signs_nobody_in(customer: Invited) -> None:
    heard: list[Any] = []

    def listen(**kwargs: Any) -> None:
        heard.append(kwargs)

    for signal in (signals.signed_in, signals.user_created, signals.sign_in_failed):
        signal.connect(listen)
    try:
        customer.try_it()
    finally:
        for signal in (signals.signed_in, signals.user_created, signals.sign_in_failed):
            signal.disconnect(listen)
    assert heard == []
    assert not User.objects.exists()
    assert not Identity.objects.exists()
    assert not Session.objects.exists()
    assert "sessionid" not in customer.client.cookies


def test_the_connection_need_not_be_enabled(customer: Invited) -> None:
    assert not EnabledConnection.objects.exists()
    assert "It works" in customer.try_it()


def test_a_page_without_a_trial_offers_one_and_no_finish(customer: Invited) -> None:
    page = customer.get(steps.TRY)
    assert 'name="try"' in page
    assert 'name="finish"' not in page
    assert 'name="another_account"' not in page


def test_the_form_ends_on_a_page_of_this_site(customer: Invited) -> None:
    """Under ``form-action 'self'``, a redirect to Microsoft would be refused."""
    response = customer.begin_trial()
    assert response.status_code == 200
    assert 'http-equiv="refresh"' in response.content.decode()


def test_another_account_has_microsoft_ask(customer: Invited) -> None:
    response = customer.post(steps.TRY, another_account="1")
    assert "prompt=select_account" in response.content.decode()


def test_finish_ends_the_set_up_after_a_trial_that_worked(customer: Invited) -> None:
    customer.try_it()
    response = customer.post(steps.TRY, finish="1")
    assert response["Location"] == customer.path(steps.DONE)
    assert SetupLink.objects.get().finished_at is not None


def test_finish_without_a_trial_does_nothing(customer: Invited) -> None:
    response = customer.post(steps.TRY, finish="1")
    assert response["Location"] == customer.path(steps.TRY)
    assert SetupLink.objects.get().finished_at is None


def test_finish_after_a_failed_trial_does_nothing(customer: Invited) -> None:
    customer.client.get(customer.company.microsoft.decline(customer.begin_trial()))
    customer.post(steps.TRY, finish="1")
    assert SetupLink.objects.get().finished_at is None


def test_a_trial_of_other_settings_does_not_count(customer: Invited) -> None:
    """Another administrator has changed the client ID meanwhile."""
    customer.try_it()
    Connection.objects.update(client_id="11112222-bbbb-3333-cccc-4444dddd5555")
    assert "It works" not in customer.get(steps.TRY)
    customer.post(steps.TRY, finish="1")
    assert SetupLink.objects.get().finished_at is None


def test_finish_says_what_is_still_missing(customer: Invited) -> None:
    customer.try_it()
    Credential.objects.all().delete()
    page = customer.post(steps.TRY, finish="1").content.decode()
    assert "The set-up cannot be finished yet." in page
    assert "Microsoft has not yet accepted a secret or a certificate." in page
    assert SetupLink.objects.get().finished_at is None


def test_a_finished_set_up_begins_no_trial(customer: Invited) -> None:
    customer.try_it()
    customer.post(steps.TRY, finish="1")
    assert customer.begin_trial()["Location"] == customer.path(steps.DONE)
    assert 'name="try"' not in customer.get(steps.TRY)


def test_a_wrong_secret_is_explained_with_the_step(customer: Invited) -> None:
    Credential.objects.all().delete()
    CredentialFactory.create(connection=customer.company.connection, value="wrong-secret-value")
    page = customer.try_it()
    assert "It does not work yet" in page
    assert "AADSTS7000215" in page
    assert "not “Secret ID”" in page
    assert customer.path(steps.CREDENTIALS) in page
    assert "wrong-secret" not in page
    assert 'name="finish"' not in page


def test_what_is_wrong_with_a_credential_of_this_site_is_not_shown(
    customer: Invited,
) -> None:
    """It can name a file or a service of this site."""
    Credential.objects.all().delete()
    FederatedFactory.create(connection=customer.company.connection, token_file="/run/token")
    page = customer.try_it()
    assert "/run/token" not in page
    assert "does not accept the secret or certificate" in page
    assert "/run/token" in Event.objects.filter(kind="setup_step").latest("pk").message


def test_a_trial_that_nobody_finished_asks_for_the_code(customer: Invited) -> None:
    customer.begin_trial()
    page = customer.get(steps.TRY)
    assert 'data-trial="open"' in page
    assert "Which error code did Microsoft show?" in page


@pytest.mark.parametrize(
    ("typed", "shown", "step"),
    [
        ("AADSTS50011", "The callback URL is not on the registration", steps.REGISTER),
        ("50194", "serves one directory", steps.REGISTER),
        ("AADSTS9002325: Proof Key is required", "single-page app", steps.REGISTER),
        ("error 700016", "knows no app with this client ID", steps.CREDENTIALS),
    ],
)
def test_a_typed_code_is_explained(customer: Invited, typed: str, shown: str, step: str) -> None:
    page = customer.get(steps.TRY, code=typed)
    told = page.split('role="status"')[1].split("</div>")[0]
    assert shown in told
    assert customer.path(step) in told


@pytest.mark.parametrize("typed", ["no number", "1" * 5000, "\x00", "٣٤٥٦٧"])
def test_a_text_without_a_code_is_answered(customer: Invited, typed: str) -> None:
    assert "Which error code did Microsoft show?" in customer.get(steps.TRY, code=typed)


def test_a_guest_is_refused_and_told_why(customer: Invited) -> None:
    Connection.objects.update(allow_guests=False)
    guest = customer.company.directory.add_person("Grady Archie", guest=True)
    page = customer.try_it(guest)
    assert "It does not work yet" in page
    assert "guest of your directory" in page
    assert "Grady Archie" in page


def test_a_person_outside_the_required_groups_is_refused(customer: Invited) -> None:
    Connection.objects.update(security_groups=True)
    customer.company.app.delegated = ["User.Read", "GroupMember.Read.All"]
    customer.company.app.grant(customer.company.directory)
    GroupMapping.objects.create(
        connection=customer.company.connection,
        directory_group_id="11112222-bbbb-3333-cccc-4444dddd5555",
        admits=True,
    )
    page = customer.try_it()
    assert "a rule of this site refuses" in page
    assert "11112222" not in page


@pytest.mark.parametrize("known", ["nobody", "tied", "same address", "deactivated"])
def test_the_page_does_not_say_whether_the_site_has_a_user(customer: Invited, known: str) -> None:
    """A link reads no user: the page is the same, whoever the site knows."""
    Connection.objects.update(link_by_email=True, create_users=False)
    if known != "nobody":
        user = UserFactory.create(
            username="known-here", email="adele.vance@contoso.com", is_active=known != "deactivated"
        )
        if known != "same address":
            IdentityFactory.create(
                user=user,
                tenant_id=customer.company.directory.tenant_id,
                object_id=customer.company.person.object_id,
            )
    page = customer.try_it()
    assert "It works" in page
    assert "known-here" not in page


def test_the_event_has_the_address_and_no_other_claim(customer: Invited) -> None:
    customer.try_it()
    event = Event.objects.get(kind="setup_step")
    assert (event.code, event.person) == ("", "adele.vance@contoso.com")
    assert event.message == "Tried: it works."
    assert event.connection_id == customer.company.connection.pk
    assert customer.company.person.object_id not in str(vars(event))


def test_an_event_of_a_failure_has_the_code(customer: Invited) -> None:
    customer.client.get(customer.company.microsoft.decline(customer.begin_trial()))
    event = Event.objects.get(kind="setup_step")
    assert event.code == "access_denied"
    assert event.is_unconfirmed


def test_many_trials_fill_no_log(customer: Invited) -> None:
    for _ in range(3):
        customer.client.get(customer.company.microsoft.decline(customer.begin_trial()))
    assert sum(Event.objects.filter(kind="setup_step").values_list("count", flat=True)) == 3
    assert Event.objects.filter(kind="setup_step").count() <= 2  # a new minute can begin


def test_a_claim_that_databases_do_not_store_is_kept_without_it(customer: Invited) -> None:
    def change(header: dict[str, Any], claims: dict[str, Any]) -> None:
        claims["name"] = "Adele \x00😀 Vance"

    customer.company.microsoft.tamper_id_token(change)
    page = customer.try_it()
    assert "It works" in page
    assert "😀" in page


def test_an_account_of_another_directory_is_explained(customer: Invited) -> None:
    assert "sign in with an account of contoso.com" in customer.get(steps.TRY, code="50020")


def test_a_browser_without_the_link_gets_no_page(customer: Invited) -> None:
    customer.try_it()
    response = Client().get(customer.path(steps.TRY))
    assert response.status_code == 403
    assert "Adele" not in response.content.decode()
