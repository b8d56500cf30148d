"""The pages of APIs."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from azuread_connections.provider import scopes
from azuread_connections.provider.admin import apis
from azuread_connections.provider.models import API, ClientGrant
from azuread_connections.provider.models.api import OPENID_SCOPES
from tests.admin.pages import text
from tests.provider.admin.pages import APIS
from tests.provider.relying_party import RelyingParty

pytestmark = pytest.mark.django_db


def filled_in(**changes: Any) -> dict[str, Any]:
    return {"name": "Orders", "identifier": "urn:orders", "token_lifetime": 3600} | changes


def test_an_api_has_its_scopes_one_a_line(admin_client: Client) -> None:
    form = filled_in(scopes="read:orders = see, and count, your orders\nwrite", token_lifetime=600)
    assert admin_client.post(f"{APIS}add/", form).status_code == 302
    api = API.objects.get()
    assert api.scopes == {"read:orders": "see, and count, your orders", "write": "write"}
    assert api.token_lifetime == 600
    page = admin_client.get(f"{APIS}{api.pk}/change/").content.decode()
    assert "read:orders = see, and count, your orders" in page
    changed = filled_in(identifier="urn:other", scopes="read:orders = see")
    assert admin_client.post(f"{APIS}{api.pk}/change/", changed).status_code == 302
    api.refresh_from_db()
    assert (api.identifier, api.scopes) == ("urn:orders", {"read:orders": "see"})


@pytest.mark.parametrize("line", ["a b = c", "openid", '"x"', "é"])
def test_each_wrong_scope_is_named(admin_client: Client, line: str) -> None:
    page = text(admin_client.post(f"{APIS}add/", filled_in(scopes=f"ok\n{line}")))
    assert "is not a scope" in page or "is a scope of OpenID Connect" in page
    assert not API.objects.exists()


def test_the_scopes_of_openid_connect_are_known_in_both_places() -> None:
    assert set(scopes.DESCRIPTIONS) == OPENID_SCOPES


def test_the_clients_that_have_a_grant_are_listed(
    admin_client: Client,
    portal: RelyingParty,
    machine: RelyingParty,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    api = API.objects.create(name="Orders", identifier="urn:orders", scopes={"read": "see"})
    page = f"{APIS}{api.pk}/change/"
    assert "No client yet." in text(admin_client.get(page))
    for party in (portal, machine):
        ClientGrant.objects.create(client=party.client, api=api, scope="read")
    html = admin_client.get(page).content.decode()
    for party in (portal, machine):
        address = f"/admin/azuread_connections/application/{party.application.pk}/change/"
        assert f'<a href="{address}">{party.application.name}</a>: <code>read</code>' in html
    monkeypatch.setattr(apis, "NAMED_CLIENTS", 1)
    assert "and 1 more" in text(admin_client.get(page))


def test_who_may_only_look_sees_all_of_it(staff: Any, portal: RelyingParty) -> None:
    api = API.objects.create(name="Orders", identifier="urn:orders", scopes={"read": "see"})
    page = text(staff("view_api").get(f"{APIS}{api.pk}/change/"))
    for words in ("urn:orders", "read = see", "3600", "No client yet."):
        assert words in page
