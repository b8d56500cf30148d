from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from azuread_connections.models import Application, Connection, SetupLink
from tests.factories import ConnectionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _public_url(settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "PUBLIC_URL": "https://testserver"
    }


def created(*arguments: str) -> dict[str, str]:
    out = StringIO()
    call_command("create_setup_link", *arguments, "--json", stdout=out)
    found: dict[str, str] = json.loads(out.getvalue())
    return found


def test_it_prints_one_object_whose_address_opens(application: Application) -> None:
    found = created("--name", "Contoso Ltd.", "--application", "default", "--days", "2")
    assert set(found) == {"url", "expires_at", "connection"}
    assert found["connection"] == "contoso-ltd"
    assert found["url"].startswith("https://testserver/login/setup/")
    ends = datetime.fromisoformat(found["expires_at"])
    assert timedelta(days=2) - timedelta(minutes=1) < ends - timezone.now() <= timedelta(days=2)
    page = Client().get(found["url"].removeprefix("https://testserver"), secure=True)
    assert page.status_code == 200
    assert Connection.objects.get().display_name == "Contoso Ltd."
    link = SetupLink.objects.get()
    assert [each.slug for each in link.applications.all()] == ["default"]
    assert (link.auto_enable, link.domains, link.max_openings) == (False, "optional", 10)


def test_its_options_are_stored(application: Application) -> None:
    ConnectionFactory.create(name="contoso")
    options = ["--auto-enable", "--domains", "required", "--openings", "3"]
    created("--connection", "Contoso", "--application", "default", *options)
    link = SetupLink.objects.get()
    assert (link.auto_enable, link.domains, link.max_openings) == (True, "required", 3)
    assert Connection.objects.count() == 1


def test_a_renewal_needs_no_application() -> None:
    ConnectionFactory.create(name="contoso")
    created("--connection", "contoso", "--purpose", "renew")
    assert SetupLink.objects.get().purpose == "renew"


def test_without_a_name_the_connection_gets_one(application: Application) -> None:
    assert created("--application", "default")["connection"] == "new-customer"
    assert created("--application", "default")["connection"] == "new-customer-2"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--name", "Contoso"], "Choose the application"),
        (["--name", " ", "--application", "default"], "Enter the customer's name"),
        (["--name", "Contoso", "--application", "nowhere"], "no application with the slug nowhere"),
        (["--connection", "nobody", "--application", "default"], "no connection called nobody"),
        (["--name", "C", "--application", "default", "--days", "31"], "1 to 30 days"),
        (["--name", "C", "--application", "default", "--days", "0"], "1 to 30 days"),
        (["--name", "C", "--application", "default", "--openings", "0"], "1 to 100 times"),
        (["--purpose", "renew"], "choose a connection"),
    ],
)
def test_a_wrong_option_is_explained_and_makes_nothing(
    application: Application, arguments: list[str], text: str
) -> None:
    with pytest.raises(CommandError, match=text):
        call_command("create_setup_link", *arguments)
    assert not Connection.objects.exists()
    assert not SetupLink.objects.exists()


def test_without_the_sites_address_nothing_is_made(application: Application, settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"PUBLIC_URL": ""}
    with pytest.raises(CommandError, match="PUBLIC_URL"):
        call_command("create_setup_link", "--name", "Contoso", "--application", "default")
    assert not Connection.objects.exists()
