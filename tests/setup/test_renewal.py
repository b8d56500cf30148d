"""The link in the notice that a credential ends."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from azuread_connections.credentials.notices import send_notices
from azuread_connections.models import Connection, Credential, SetupLink
from azuread_connections.setup.renewal import renewal_address
from tests.company import Company
from tests.factories import FederatedFactory
from tests.mail import set_admins

pytestmark = pytest.mark.django_db
SITE = "https://testserver"


@pytest.fixture(autouse=True)
def _ending_soon(contoso: Company, settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"PUBLIC_URL": SITE}
    set_admins(settings, "lidia@northwind.example")
    Connection.objects.update(contact_email="grady@contoso.com")
    Credential.objects.update(expires_at=timezone.now() + timedelta(days=5))


def mailed() -> dict[str, str]:
    send_notices(renewal_address=renewal_address)
    return {letter.to[0]: str(letter.body) for letter in mail.outbox}


def test_only_the_contact_gets_a_link(client: Client) -> None:
    letters = mailed()
    assert "/setup/" not in letters["lidia@northwind.example"]
    [address] = re.findall(rf"{SITE}(/login/setup/\S+)", letters["grady@contoso.com"])
    page = client.get(address, secure=True).content.decode()
    assert "Renew the sign-in of contoso" in page
    link = SetupLink.objects.get()
    assert (link.purpose, link.connection) == ("renew", Connection.objects.get())


def test_the_command_puts_the_link_into_its_mail(client: Client) -> None:
    with pytest.raises(SystemExit):  # a credential ends
        call_command("check_secrets", "--email")
    [letter] = [each for each in mail.outbox if each.to == ["grady@contoso.com"]]
    [address] = re.findall(rf"{SITE}(/login/setup/\S+)", str(letter.body))
    assert client.get(address, secure=True).status_code == 200


def test_a_notice_makes_one_link(contoso: Company) -> None:
    mailed()
    mailed()
    assert SetupLink.objects.count() == 1


def test_what_does_not_end_gets_no_link(contoso: Company) -> None:
    FederatedFactory.create(connection=contoso.connection)
    assert renewal_address(contoso.connection) == ""


def test_without_the_sites_address_there_is_none(contoso: Company, settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"PUBLIC_URL": ""}
    assert "/setup/" not in mailed()["grady@contoso.com"]
    assert not SetupLink.objects.exists()
