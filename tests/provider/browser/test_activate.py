"""A device over HTTP, and its person in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from azuread_connections.models import Application, Connection
from azuread_connections.testing import StandIn
from tests.company import Company
from tests.provider.devices import GRANT_TYPE
from tests.provider.relying_party import SCOPE, RelyingParty

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Television:
    """A device as its maker writes one, by plain HTTP."""

    def __init__(self, issuer: str, client_id: str) -> None:
        self.issuer, self.client_id = issuer, client_id
        self.answer = self._post("device/code", scope=SCOPE).json()

    def poll(self) -> Any:
        return self._post("token", grant_type=GRANT_TYPE, device_code=self.answer["device_code"])

    def _post(self, path: str, **form: str) -> Any:
        return requests.post(
            f"{self.issuer}oauth/{path}",
            data={"client_id": self.client_id, **form},
            headers={"Connection": "close"},
            timeout=30,
        )


@pytest.fixture
def party(microsoft: StandIn, live_server: Any, transactional_db: None) -> RelyingParty:
    company = Company.create(microsoft, Application.objects.get(slug="default"))
    company.app.redirect_uris = (f"{live_server.url}/login/callback",)
    Connection.objects.update(display_name="Contoso")
    party = RelyingParty.create(
        company,
        application_type=Application.Type.NATIVE,
        grant_types=[GRANT_TYPE, "refresh_token"],
    )
    Application.objects.filter(pk=party.application.pk).update(name="Northwind Television")
    return party


def test_a_person_types_the_code_signs_in_and_agrees(
    party: RelyingParty, live_server: Any, page: Page, screenshots: Any
) -> None:
    television = Television(f"{live_server.url}/id/", party.client_id)
    assert television.poll().json()["error"] == "authorization_pending"

    page.goto(television.answer["verification_uri"])
    screenshots(page, "activate")
    field = page.get_by_label("The code that your device shows")
    expect(field).to_be_focused()
    field.fill("bbbb bbbb")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("No device is waiting for this code")
    screenshots(page, "activate-unknown")

    field.fill(television.answer["user_code"].lower().replace("-", " "))
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("link", name="Continue with Contoso").click()
    page.get_by_role("button", name="Adele Vance").click()

    title = "Sign in to Northwind Television on a device?"
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.get_by_text(television.answer["user_code"])).to_be_visible()
    expect(page.get_by_text("127.0.0.1 (yours)")).to_be_visible()
    expect(page.get_by_text("Did somebody send you this code")).to_be_visible()
    screenshots(page, "activate-confirm")
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_text("You can close this page.")).to_be_visible()
    screenshots(page, "activate-done")

    tokens = television.poll().json()
    assert tokens["token_type"] == "Bearer"
    assert {"id_token", "refresh_token"} <= set(tokens)

    page.reload()  # sends the answer again
    expect(page.get_by_role("alert")).to_contain_text("answered already")


def test_a_link_with_the_code_leads_to_the_question_and_can_be_denied(
    party: RelyingParty, live_server: Any, page: Page
) -> None:
    television = Television(f"{live_server.url}/id/", party.client_id)
    page.goto(television.answer["verification_uri_complete"])
    page.get_by_role("link", name="Continue with Contoso").click()
    page.get_by_role("button", name="Adele Vance").click()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("heading", name="The device is not signed in")).to_be_visible()
    assert television.poll().json()["error"] == "access_denied"


def test_an_account_of_another_organisation_is_refused(
    party: RelyingParty, microsoft: StandIn, live_server: Any, page: Page, screenshots: Any
) -> None:
    fabrikam = Company.create(
        microsoft,
        Application.objects.get(slug="default"),
        name="fabrikam",
        domain="fabrikam.com",
        person="Diego Siciliani",
    )
    fabrikam.app.redirect_uris = (f"{live_server.url}/login/callback",)
    television = Television(f"{live_server.url}/id/", party.client_id)
    page.goto(f"{live_server.url}/login/fabrikam/")
    page.get_by_role("button", name="Diego Siciliani").click()
    page.wait_for_url(f"{live_server.url}/**")
    page.goto(television.answer["verification_uri_complete"])
    expect(page.get_by_text("whose people cannot use Northwind Television")).to_be_visible()
    screenshots(page, "activate-refused")
    page.get_by_role("link", name="Use another account").click()
    expect(page.get_by_role("link", name="Continue with Contoso")).to_be_visible()
