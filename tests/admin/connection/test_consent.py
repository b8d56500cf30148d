"""The administrator's consent, through real HTTP to the stand-in and back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from azuread_connections.models import Application, Connection, Event
from azuread_connections.testing import StandIn
from tests.admin.pages import ADD, change_page, filled_in, messages_on, text
from tests.company import Company


@pytest.fixture
def company(microsoft: StandIn, application: Application) -> Company:
    microsoft.reset()
    company = Company.create(microsoft, application, security_groups=True, enable_users_api=True)
    company.person.admin = True
    return company


def consent_page(connection: Connection) -> str:
    return change_page(connection).replace("/change/", "/consent/")


def link_on(response: Any) -> str:
    match = re.search(r'id="azuread-consent-link"[^>]* value="([^"]*)"', response.content.decode())
    assert match is not None
    return unescape(match[1])


def grant(company: Company, url: str) -> str:
    """Accept Microsoft's page as the directory's administrator; return the redirect's target."""
    return company.microsoft.sign_in(url, company.person)


def box(response: Any) -> str:
    return text(response).partition("Consent of the directory's administrator")[2]


def test_the_permissions_needed_are_named_and_no_more(boss: Client, company: Company) -> None:
    page = box(boss.get(change_page(company.connection))).partition("Continue to Microsoft")[0]
    for words in (
        "User.Read delegated read the profile and the groups",
        "GroupMember.Read.All delegated",
        "User.Read.All application search the directory's users",
        "an administrator only",
        "not confirmed yet",
    ):
        assert words in page
    Connection.objects.update(enable_users_api=False)
    page = box(boss.get(change_page(company.connection))).partition("Continue to Microsoft")[0]
    assert "User.Read.All" not in page


def test_the_basic_profile_needs_no_consent(boss: Client, connection: Connection) -> None:
    assert "Usually not needed: people can consent" in box(boss.get(change_page(connection)))


def test_the_administrator_is_sent_to_microsoft_and_returns(boss: Client, company: Company) -> None:
    connection = company.connection
    response = boss.get(consent_page(connection))
    assert response.status_code == 302
    assert urlsplit(response["Location"]).path.endswith("/v2.0/adminconsent")
    response = boss.get(grant(company, response["Location"]))
    assert response["Location"] == f"{change_page(connection)}#azuread-consent"

    response = boss.get(response["Location"])
    ((level, message),) = messages_on(response)
    assert level == "success"
    assert "Microsoft says that consent was granted" in message
    # A return is only a claim.
    assert "not confirmed yet" in box(response)
    assert "asked by boss" in text(response)
    assert Event.objects.get().kind == Event.Kind.CONSENT_RETURNED
    assert messages_on(boss.get(change_page(connection))) == []


def test_a_refusal_is_shown(boss: Client, company: Company) -> None:
    url = boss.get(consent_page(company.connection))["Location"]
    company.microsoft.fault("admin_consent", aadsts=65004)
    returned = company.microsoft.sign_in(url, company.person)
    ((level, message),) = messages_on(boss.get(returned, follow=True))
    assert level == "error"
    assert "Consent was not granted" in message


def test_an_outcome_shown_on_another_page_names_its_connection(
    boss: Client, company: Company
) -> None:
    connection = Connection.objects.create(
        name="other", domain="other.com", client_id=company.app.client_id
    )
    url = boss.get(consent_page(company.connection))["Location"]
    boss.get(grant(company, url))
    ((_level, message),) = messages_on(boss.get(change_page(connection)))
    assert message.startswith("contoso: ")


def test_the_link_works_for_somebody_without_a_session(boss: Client, company: Company) -> None:
    response = boss.get(change_page(company.connection))
    link = link_on(response)
    good_until = timezone.localtime() + timedelta(days=14)
    assert f"{good_until:%Y}" in box(response)
    returned = Client().get(grant(company, link))
    assert returned.status_code == 200
    assert "asked by boss" in text(boss.get(change_page(company.connection)))


def test_proof_is_shown_with_its_age(boss: Client, company: Company) -> None:
    company.connection.directories.update(
        delegated_scopes="User.Read GroupMember.Read.All",
        delegated_since=timezone.now() - timedelta(days=3),
    )
    page = box(boss.get(change_page(company.connection))).replace("\xa0", " ")
    assert page.count("confirmed 3 days ago") == 2
    assert page.count("not confirmed yet") == 1


# --- Who may --------------------------------------------------------------------------------


def test_consent_needs_its_permission(staff: Callable[..., Client], company: Company) -> None:
    client = staff("view_connection", "change_connection")
    response = client.get(change_page(company.connection))
    assert "you need the permission “Can ask a directory for consent”" in text(response)
    assert "azuread-consent-link" not in response.content.decode()
    response = client.get(consent_page(company.connection))
    assert response.status_code == 403
    assert not response.cookies


def test_the_permission_alone_does_not_show_a_connection(
    staff: Callable[..., Client], company: Company
) -> None:
    client = staff("consent_connection")
    assert client.get(consent_page(company.connection)).status_code == 403


def test_who_may_look_and_ask_can_ask(staff: Callable[..., Client], company: Company) -> None:
    client = staff("view_connection", "consent_connection")
    assert client.get(consent_page(company.connection)).status_code == 302


def test_strangers_are_sent_to_sign_in(company: Company) -> None:
    response = Client().get(consent_page(company.connection))
    assert response["Location"].startswith("/admin/login/")


def test_a_connection_that_is_gone_is_not_found(boss: Client, company: Company) -> None:
    assert boss.get("/admin/azuread_connections/connection/999/consent/").status_code == 404


# --- After Create ---------------------------------------------------------------------------


def test_saving_continues_to_the_consent(boss: Client, microsoft: StandIn) -> None:
    assert 'name="_consent"' in boss.get(ADD).content.decode()
    response = boss.post(ADD, filled_in(_consent="Save and continue to consent"))
    connection = Connection.objects.get()
    assert response["Location"] == f"{change_page(connection)}#azuread-consent"


def test_saving_continues_to_the_consent_only_with_its_permission(
    staff: Callable[..., Client], microsoft: StandIn
) -> None:
    client = staff("add_connection", "view_connection")
    assert 'name="_consent"' not in client.get(ADD).content.decode()


def test_a_refused_form_offers_no_link_for_what_is_not_stored(
    boss: Client, company: Company
) -> None:
    data = filled_in(company.connection, client_id="99998888-aaaa-7777-bbbb-6666cccc5555", name="x")
    response = boss.post(change_page(company.connection), data)
    assert response.status_code == 200
    assert "azuread-consent-link" not in response.content.decode()


def test_the_state_in_the_link_is_the_askers(boss: Client, company: Company) -> None:
    link = link_on(boss.get(change_page(company.connection)))
    state = parse_qs(urlsplit(link).query)["state"][0]
    assert state.startswith("link.")
    assert get_user_model().objects.get().get_username() not in state
