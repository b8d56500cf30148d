"""An optional sub-app adds a step to the checklist."""

from __future__ import annotations

import pytest
from django.test import Client

from azuread_connections.diagnostics import additional_steps
from azuread_connections.diagnostics.additional_steps import add_step
from azuread_connections.diagnostics.checklist import checklist
from azuread_connections.diagnostics.checklist_item import Item
from azuread_connections.models import Connection
from tests.company import Company

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(additional_steps, "_steps", {})


def provisioned(connection: Connection) -> Item | None:
    if connection.name != "contoso":
        return None
    return Item(
        "provisioned", "Provisioned", "todo", "Never.", "Create a token.", anchor="azuread-x"
    )


def keys(connection: Connection) -> list[str]:
    return [item.key for item in checklist(connection)]


def test_the_step_is_the_last(contoso: Company) -> None:
    assert keys(contoso.connection)[-1] == "sign_in"
    add_step("scim", provisioned)
    assert keys(contoso.connection)[-2:] == ["sign_in", "provisioned"]


def test_a_step_can_be_none(contoso: Company) -> None:
    add_step("scim", provisioned)
    contoso.connection.name = "fabrikam"
    assert "provisioned" not in keys(contoso.connection)


def test_the_page_links_to_its_anchor(contoso: Company, admin_client: Client) -> None:
    add_step("scim", provisioned)
    url = f"/admin/azuread_connections/connection/{contoso.connection.pk}/change/"
    assert '<a href="#azuread-x">Create a token.</a>' in admin_client.get(url).content.decode()
