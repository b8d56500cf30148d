"""A connection whose set-up has entered neither the domain nor the client ID yet."""

from __future__ import annotations

import pytest
from django.test import Client

from azuread_connections.models import Application, Connection
from azuread_connections.setup.links import create_link
from azuread_connections.testing import StandIn
from tests.admin.pages import change_page
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client: Client) -> Client:
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def unfinished(microsoft: StandIn, application: Application) -> Connection:
    connection = create_link(applications=[application], name="Contoso").link.connection
    assert connection is not None
    return connection


def test_its_page_says_what_to_do(boss: Client, unfinished: Connection) -> None:
    page = boss.get(change_page(unfinished)).content.decode()
    assert "Nobody can sign in." in page
    assert '<a href="#azuread-general">Enter them under “General”, or invite the customer' in page
    assert "Invited on" in page


def test_its_page_offers_neither_a_trial_nor_consent(boss: Client, unfinished: Connection) -> None:
    page = boss.get(change_page(unfinished)).content.decode()
    for name in ("try", "consent"):
        assert change_page(unfinished).replace("/change/", f"/{name}/") not in page
    assert "adminconsent" not in page
    assert "nobody can be asked for consent yet" in page


@pytest.mark.parametrize("name", ["try", "consent"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_microsoft_is_not_asked(
    boss: Client, unfinished: Connection, name: str, method: str
) -> None:
    url = change_page(unfinished).replace("/change/", f"/{name}/")
    response = getattr(boss, method)(url, follow=True)
    assert response.redirect_chain == [(f"{change_page(unfinished)}#azuread-general", 302)]
    assert "The domain and the client ID are missing" in response.content.decode()
