"""The pages of provisioning: see tests/browser/accessibility."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from azuread_connections.models import Application
from azuread_connections.scim import tokens
from azuread_connections.scim.models import ScimToken
from azuread_connections.testing import StandIn
from tests.browser.accessibility.tour import Tour
from tests.company import Company
from tests.scim.admin.conftest import group_of, person_of, request_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Begin = Callable[[str], Tour]


@pytest.fixture
def company(microsoft: StandIn, live_server: Any, transactional_db: None) -> Company:
    return Company.create(microsoft, Application.objects.get(slug="default"))


def test_provisioning(tour: Begin, company: Company) -> None:
    at = tour("provisioning")
    at.be_boss()
    connection = company.connection
    tokens.create(connection)
    person = person_of(connection, "adele", attributes={"title": "Lead"})
    group = group_of(connection, "Sales", person)
    refused = request_of(
        connection,
        status=409,
        method="PATCH",
        path=f"Users/{person.scim_id}",
        detail="Another person has this userName.",
    )
    at.admin("provisioned-connection", connection.pk)
    at.admin("token-add", connection.pk)
    at.page.get_by_label("Expires").fill("2001-01-31")
    at.press("Create the token")
    expect(at.page.locator(".errorlist")).to_be_visible()
    at.look("token-add-errors")
    at.page.get_by_label("Expires").fill("2999-01-31")
    at.press("Create the token")
    expect(at.page.locator("#azuread-scim-token")).to_be_visible()
    at.look("token-shown")
    at.admin("token-remove", ScimToken.objects.latest("pk").pk)
    for name, row in (("person", person), ("group", group), ("request", refused)):
        at.admin(f"{name}-changelist")
        at.admin(f"{name}-change", row.pk)
        at.admin(f"{name}-history", row.pk)
    at.end()
