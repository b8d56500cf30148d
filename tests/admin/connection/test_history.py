"""The admin's history names the trusted directory, and the applications enabled."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils.translation import override

from azuread_connections.models import Application, Connection
from azuread_connections.testing import StandIn
from tests.admin.pages import ADD, change_page, filled_in
from tests.factories import ApplicationFactory

pytestmark = pytest.mark.django_db
OLD = "bbbbcccc-0000-dddd-1111-eeee2222ffff"
APPLICATION = "/admin/azuread_connections/application/"


def told() -> str:
    return LogEntry.objects.latest("pk").get_change_message()


@pytest.fixture
def directory(microsoft: StandIn) -> str:
    """The ID of contoso.com's directory."""
    return microsoft.directories[0].tenant_id


def test_a_moved_trust_names_both_directories(
    boss: Client, connection: Connection, directory: str
) -> None:
    Connection.objects.update(tenant_id=OLD)
    connection.refresh_from_db()
    response = boss.post(change_page(connection), filled_in(connection, trust_directory=directory))
    assert response.status_code == 302
    assert told() == (f"Added trusted directory “{directory}”. Deleted trusted directory “{OLD}”.")
    with override("de"):
        assert f"„{directory}“" in told() or f"“{directory}”" in told()


def test_the_first_directory_is_named(
    boss: Client, application: Application, directory: str
) -> None:
    boss.post(ADD, filled_in())
    assert told() == f"Added. Added trusted directory “{directory}”."


def test_applications_and_aliases_are_named(
    boss: Client, connection: Connection, application: Application, microsoft: StandIn
) -> None:
    portal = ApplicationFactory(name="Portal")
    connection.aliases.create(domain="contoso.net")
    data = filled_in(connection, enabled_applications=[portal.pk], domain_aliases="contoso.org")
    boss.post(change_page(connection), data)
    assert told().endswith(
        "Added domain alias “contoso.org”. Added enabled connection “contoso → Portal”. "
        "Deleted domain alias “contoso.net”. Deleted enabled connection “contoso → Default App”."
    )


def test_an_application_names_its_connections(
    boss: Client, connection: Connection, application: Application
) -> None:
    page = f"{APPLICATION}{application.pk}/change/"
    data = {
        "name": application.name,
        "application_type": application.application_type,
        "allowed_callback_urls": "",
        "allowed_logout_urls": "",
        "hosts": "",
    }
    assert boss.post(page, data).status_code == 302
    assert told().endswith("Deleted enabled connection “contoso → Default App”.")
