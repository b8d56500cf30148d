"""The step “Permissions”."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from azuread_connections.login.flows import consent
from azuread_connections.models import Connection, Directory, Event, SetupLink
from azuread_connections.setup import steps
from azuread_connections.testing import next_address
from tests.company import Company
from tests.setup.invited import Invited

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(contoso: Company, client: Client) -> Invited:
    return Invited.invite(contoso, client)


CALLBACK = "/login/callback"
OTHER = "11112222-bbbb-3333-cccc-4444dddd5555"


@pytest.fixture
def demanding(customer: Invited) -> Invited:
    """A customer whose connection needs an administrator's consent."""
    Connection.objects.update(security_groups=True, enable_users_api=True)
    customer.company.app.delegated = ["User.Read", "GroupMember.Read.All"]
    customer.company.app.application = ["User.Read.All"]
    customer.company.directory.add_person("Lidia Holloway", admin=True)
    return customer


def ask(customer: Invited) -> Any:
    """Press “Grant at Microsoft”; return the page that continues there."""
    return customer.post(steps.PERMISSIONS, consent="1")


def come_back(customer: Invited, callback: str) -> str:
    response = customer.client.get(callback)
    assert response["Location"] == customer.path(steps.PERMISSIONS), response
    return customer.get(steps.PERMISSIONS)


def answer(customer: Invited, **parameters: str) -> str:
    """Come back with an answer that somebody wrote."""
    state = parse_qs(urlsplit(next_address(ask(customer))).query)["state"][0]
    response = customer.client.get(CALLBACK, {"state": state, **parameters})
    assert response["Location"] == customer.path(steps.PERMISSIONS), response
    return customer.get(steps.PERMISSIONS)


def test_without_options_nothing_needs_an_administrator(customer: Invited) -> None:
    page = customer.get(steps.PERMISSIONS)
    assert "Nothing has to be granted by an administrator." in page
    assert ">Continue<" in page
    assert "Go on without" not in page


def test_continue_leads_to_the_trial(customer: Invited) -> None:
    SetupLink.objects.update(step=steps.PERMISSIONS)
    response = customer.post(steps.PERMISSIONS)
    assert response["Location"] == customer.path(steps.TRY)
    assert SetupLink.objects.get().step == steps.TRY


def test_each_permission_says_what_it_lets_the_site_read(demanding: Invited) -> None:
    page = demanding.get(steps.PERMISSIONS)
    assert "Names and members of your directory&#x27;s groups" in page
    assert "profiles of all people of your directory" in page
    assert page.count(">an administrator<") == 2
    assert page.count("not confirmed yet") == 3


def test_a_return_is_shown_and_an_app_only_permission_is_proven(demanding: Invited) -> None:
    page = come_back(
        demanding,
        demanding.company.microsoft.consent(ask(demanding), "lidia.holloway@contoso.com"),
    )
    assert "Microsoft says that consent was granted." in page
    assert "Graph answers." in page
    assert page.count("not confirmed yet") == 2  # the delegated ones: somebody has to sign in
    own = Directory.objects.get()
    assert own.application_permissions == "User.Read.All"
    assert own.consent_asked_by == f"set-up link {demanding.link.reference}"


def test_a_made_up_return_proves_nothing(demanding: Invited) -> None:
    tenant = demanding.company.directory.tenant_id
    page = answer(demanding, admin_consent="True", tenant=tenant)
    assert "Microsoft says that consent was granted." in page
    assert "Graph refuses: the permission is not granted." in page
    assert page.count("not confirmed yet") == 3
    assert Directory.objects.get().application_permissions == ""


def test_a_trial_proves_the_delegated_permissions(demanding: Invited) -> None:
    demanding.company.app.grant(demanding.company.directory)
    demanding.try_it()
    assert demanding.get(steps.PERMISSIONS).count("not confirmed yet") == 1


def test_a_declined_consent_is_explained(demanding: Invited) -> None:
    page = come_back(demanding, demanding.company.microsoft.decline_consent(ask(demanding)))
    assert "Consent was not granted." in page
    assert "declined" in page
    assert 'role="alert"' in page


def test_consent_in_another_directory_is_explained(demanding: Invited) -> None:
    page = answer(demanding, admin_consent="True", tenant=OTHER)
    assert "another directory" in page
    assert OTHER in page
    assert "Microsoft says that consent was granted." not in page


def test_an_error_of_microsofts_is_explained_with_the_step(demanding: Invited) -> None:
    page = answer(
        demanding, error="invalid_client", error_description="AADSTS650056: Misconfigured app."
    )
    assert "AADSTS650056" in page
    assert "API permissions" in page


def test_the_form_ends_on_a_page_of_this_site(customer: Invited) -> None:
    response = ask(customer)
    assert response.status_code == 200
    assert 'http-equiv="refresh"' in response.content.decode()


def test_the_check_asks_graph(demanding: Invited) -> None:
    demanding.company.app.grant(
        demanding.company.directory, application=demanding.company.app.application
    )
    page = demanding.post(steps.PERMISSIONS, check="1").content.decode()
    assert "Graph answers." in page


def test_checks_are_limited(demanding: Invited) -> None:
    for _ in range(30):
        demanding.post(steps.PERMISSIONS, check="1")
    before = demanding.company.microsoft.count()
    demanding.post(steps.PERMISSIONS, check="1")
    assert demanding.company.microsoft.count() == before


def consent_link(customer: Invited) -> str:
    page = customer.get(steps.PERMISSIONS)
    return page.split('readonly value="')[1].split('"')[0].replace("&amp;", "&")


def test_another_administrator_needs_only_the_address(demanding: Invited) -> None:
    callback = demanding.company.microsoft.consent(
        consent_link(demanding), "lidia.holloway@contoso.com"
    )
    page = Client().get(callback).content.decode()
    assert "you approved the application" in page
    event = Event.objects.get(kind="consent_returned")
    assert event.person == f"set-up link {demanding.link.reference}"


def test_that_address_is_valid_no_longer_than_the_link(
    demanding: Invited, monkeypatch: pytest.MonkeyPatch
) -> None:
    SetupLink.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    callback = demanding.company.microsoft.consent(
        consent_link(demanding), "lidia.holloway@contoso.com"
    )
    later = consent.time.time() + 3700
    monkeypatch.setattr(consent.time, "time", lambda: later)
    assert Client().get(callback).status_code == 400


def test_an_answer_about_other_settings_is_not_shown(demanding: Invited) -> None:
    answer(demanding, admin_consent="True", tenant=demanding.company.directory.tenant_id)
    Connection.objects.update(client_id=OTHER)
    assert "consent was granted" not in demanding.get(steps.PERMISSIONS)


def test_a_finished_set_up_asks_for_nothing(demanding: Invited) -> None:
    SetupLink.objects.update(finished_at=timezone.now())
    assert ask(demanding)["Location"] == demanding.path(steps.DONE)
    assert 'name="consent"' not in demanding.get(steps.PERMISSIONS)


def test_a_typed_code_is_explained(customer: Invited) -> None:
    assert "Only an administrator of the directory" in customer.get(
        steps.PERMISSIONS, code="AADSTS90094"
    )


def test_two_companies_are_kept_apart(customer: Invited, fabrikam: Company) -> None:
    other = Invited.invite(fabrikam, Client())
    assert fabrikam.app.client_id in other.get(steps.PERMISSIONS)
    assert fabrikam.app.client_id not in customer.get(steps.PERMISSIONS)
