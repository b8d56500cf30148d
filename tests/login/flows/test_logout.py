"""Signing out of Microsoft too."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from azuread_connections.testing import next_address
from tests.company import Company, query_of
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_once(settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 0}


def is_signed_in(client: Client) -> bool:
    return client.get("/login/profile").status_code == 200


def test_signing_out_of_microsoft_returns_through_the_callback(
    contoso: Company, client: Client
) -> None:
    contoso.person.claims["login_hint"] = "O.opaque-hint"
    contoso.sign_in(client)
    response = client.post("/login/logout", {"microsoft": "1", "next": "/goodbye/"})
    url = next_address(response)
    assert url.startswith(
        f"{contoso.microsoft.url}/{contoso.directory.tenant_id}/oauth2/v2.0/logout?"
    )
    asked = query_of(url)
    assert asked["post_logout_redirect_uri"] == "http://testserver/login/callback"
    assert asked["logout_hint"] == "O.opaque-hint"
    assert not is_signed_in(client)
    back = client.get("/login/callback", {"state": asked["state"]})
    assert (back.status_code, back["Location"]) == (302, "/goodbye/")


def test_a_sign_out_transaction_signs_nobody_in(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    state = query_of(next_address(client.post("/login/logout", {"microsoft": "1"})))["state"]
    before = contoso.microsoft.count("token")
    client.get("/login/callback", {"state": state, "code": "1.Axxx"})
    assert contoso.microsoft.count("token") == before
    assert not is_signed_in(client)


def test_without_a_connection_the_sign_out_is_only_here(client: Client) -> None:
    client.force_login(UserFactory.create())
    assert client.post("/login/logout", {"microsoft": "1"})["Location"] == "/"
