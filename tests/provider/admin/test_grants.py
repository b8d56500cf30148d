"""The APIs of a client, on its page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from azuread_connections.provider.models import API, ClientGrant
from tests.admin.pages import text
from tests.provider.admin.pages import filled_in, page_of
from tests.provider.relying_party import RelyingParty

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(db: None) -> API:
    return API.objects.create(
        name="Orders", identifier="urn:orders", scopes={"read": "see", "write": "change"}
    )


def test_a_client_is_granted_an_api(admin_client: Client, machine: RelyingParty, api: API) -> None:
    page = page_of(machine.application)
    row = {"client": machine.client.pk, "api": api.pk, "scope": " read  read write"}
    data = filled_in(
        row,
        name="Job",
        application_type="machine_to_machine",
        grant_types=["client_credentials"],
    )
    assert admin_client.post(page, data).status_code == 302
    grant = ClientGrant.objects.get()
    assert (grant.client, grant.api, grant.scope) == (machine.client, api, "read write")
    tokens = machine.token(grant_type="client_credentials", audience="urn:orders")
    assert tokens.status_code == 200

    row |= {"id": grant.pk, "scope": "read"}
    assert admin_client.post(page, data | filled_in(row, name="Job")).status_code == 302
    assert ClientGrant.objects.get().scope == "read"
    row["DELETE"] = "on"
    assert admin_client.post(page, data | filled_in(row, name="Job")).status_code == 302
    assert not ClientGrant.objects.exists()


def test_each_wrong_scope_is_named(admin_client: Client, machine: RelyingParty, api: API) -> None:
    row = {"client": machine.client.pk, "api": api.pk, "scope": "read delete admin"}
    page = text(admin_client.post(page_of(machine.application), filled_in(row, name="Job")))
    for scope in ("delete", "admin"):
        assert f"“{scope}” is not a scope of Orders." in page
    assert not ClientGrant.objects.exists()


def test_grants_need_a_permission_of_their_own(
    staff: Callable[..., Client], machine: RelyingParty, api: API
) -> None:
    row = {"client": machine.client.pk, "api": api.pk, "scope": "read"}
    data = filled_in(row, name="Job")
    client = staff("change_application", "change_oauthclient", "view_clientgrant")
    client.post(page_of(machine.application), data)
    assert not ClientGrant.objects.exists()
    client = staff("change_application", "change_oauthclient", "add_clientgrant")
    client.post(page_of(machine.application), data)
    assert ClientGrant.objects.exists()
