"""The extended profile from Graph."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from azuread_connections.models import Application, Connection, Event, Identity
from azuread_connections.testing import StandIn
from tests.company import Company

pytestmark = pytest.mark.django_db


@pytest.fixture
def company(microsoft: StandIn, application: Application) -> Company:
    company = Company.create(
        microsoft, application, extended_profile=True, security_groups=True, nested_groups=True
    )
    company.app.grant(company.directory, delegated=["User.Read", "GroupMember.Read.All"])
    return company


def graph_requests(company: Company) -> list[Any]:
    return [each for each in company.microsoft.requests if each.path.startswith("/graph")]


def test_the_extended_profile_has_its_documented_names(company: Company, client: Client) -> None:
    company.person.graph.update(
        jobTitle="Retail Manager",
        mobilePhone="+1 425 555 0100",
        businessPhones=["+1 425 555 0109"],
        preferredLanguage="en-US",
        department="Retail",
        companyName="Contoso",
        officeLocation="18/2111",
        employeeId="E-1",
        country="US",
        givenName="Adele",
        surname="Vance-Wilber",
    )
    company.sign_in(client)
    profile = client.get("/login/profile").json()["profile"]
    assert profile == {
        "name": "Adele Vance",
        "given_name": "Adele",
        "family_name": "Vance-Wilber",
        "email": "adele.vance@contoso.com",
        "email_verified": True,
        "username": "adele.vance@contoso.com",
        "upn": "adele.vance@contoso.com",
        "phone": ["+1 425 555 0109"],
        "job_title": "Retail Manager",
        "mobile": "+1 425 555 0100",
        "preferred_language": "en-US",
        "department": "Retail",
        "company": "Contoso",
        "office": "18/2111",
        "employee_id": "E-1",
        "country": "US",
    }
    assert User.objects.get().last_name == "Vance-Wilber"


def test_the_users_fields_follow_the_setting(
    company: Company, client: Client, settings: Any
) -> None:
    settings.AZUREAD_CONNECTIONS |= {"USER_FIELDS": {"first_name": "job_title", "gone": "name"}}
    company.person.graph["jobTitle"] = "Retail Manager"
    company.sign_in(client)
    user = User.objects.get()
    assert (user.first_name, user.last_name, user.email) == ("Retail Manager", "", "")


def test_the_extended_profile_stays_if_graph_does_not_answer(
    company: Company, client: Client
) -> None:
    company.person.graph["jobTitle"] = "Retail Manager"
    company.sign_in(client)
    company.microsoft.fault("me", status=503)
    assert company.sign_in(Client()).status_code == 302
    assert Identity.objects.get().profile["job_title"] == "Retail Manager"
    assert Event.objects.get(kind="profile_incomplete").connection == company.connection


def test_switching_the_option_off_drops_what_it_brought(company: Company, client: Client) -> None:
    company.person.graph["jobTitle"] = "Retail Manager"
    company.directory.add_group("Sales", members=[company.person])
    company.sign_in(client)
    Connection.objects.update(extended_profile=False, security_groups=False)
    company.sign_in(Client())
    identity = Identity.objects.get()
    assert "job_title" not in identity.profile
    assert identity.groups == []
    assert len(graph_requests(company)) == 2
