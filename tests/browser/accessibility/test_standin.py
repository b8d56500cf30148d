"""The pages of the stand-in, and its admin center."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from azuread_connections.testing import StandIn
from azuread_connections.testing.directory.directories import Directory

from .tour import Tour

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Begin = Callable[[str], Tour]

CALLBACK = "http://localhost:1/callback"


@pytest.fixture
def adatum(entra: StandIn) -> Directory:
    directory = entra.add_directory("adatum.com")
    directory.add_person("Cameron White", admin=True)
    directory.add_person("Delia Dennis")
    directory.add_group("Sales")
    return directory


def test_signing_in(tour: Begin, entra: StandIn, adatum: Directory) -> None:
    at = tour("stand-in")
    app = adatum.add_app(
        redirect_uris=[CALLBACK], delegated=["User.Read", "GroupMember.Read.All"], consented=False
    )
    base = f"{entra.url}/{adatum.tenant_id}"

    def authorize(version: str = "v2.0/", **changes: str) -> str:
        asked = {
            "client_id": app.client_id,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": "openid profile GroupMember.Read.All",
            "state": "x",
            "nonce": "x",
            **changes,
        }
        return f"{base}/oauth2/{version}authorize?{urlencode(asked)}"

    at.visit("stand-in-picker", authorize())
    at.press("Delia Dennis", exact=False)
    at.look("stand-in-approval")
    at.goto(authorize(scope="openid profile User.Read", prompt="select_account"))
    at.press("Delia Dennis", exact=False)
    at.look("stand-in-consent")
    at.visit("stand-in-picker-v1", authorize("", resource="https://graph.microsoft.com"))
    at.press("Cameron White", exact=False)
    at.look("stand-in-consent-v1")
    at.visit("stand-in-error", authorize(redirect_uri="http://localhost:1/elsewhere"))
    at.goto(
        f"{base}/v2.0/adminconsent?"
        + urlencode({"client_id": app.client_id, "redirect_uri": CALLBACK, "scope": "openid"})
    )
    at.press("Cameron White", exact=False)
    at.look("stand-in-admin-consent")
    app.grant(adatum)
    at.page.route(CALLBACK, lambda route: route.fulfill(status=204))
    at.page.context.clear_cookies()
    at.goto(authorize(response_mode="form_post", scope="openid"))
    with at.page.expect_request(CALLBACK):
        at.press("Cameron White", exact=False)
    at.look("stand-in-form-post")
    at.page.unroute_all(behavior="wait")
    for version in ("v2.0/", ""):
        at.visit(f"stand-in-signed-out{'' if version else '-v1'}", f"{base}/oauth2/{version}logout")
    for number in range(40):
        adatum.add_person(f"Person {number:02}")
    at.visit("stand-in-picker-of-many", authorize())
    at.visit("stand-in-control", f"{entra.url}/_standin/?done=rotate")
    at.goto(f"{entra.url}/_standin/provisioning")
    at.page.get_by_label("Tenant URL").fill("http://localhost:1/scim/v2")
    at.page.get_by_label("Secret Token").fill("x")
    at.press("Add")
    at.press("Run a cycle")
    at.look("stand-in-provisioning")
    entra.dns.set_txt("_azuread-connections.adatum.com", "azuread-connections-verification=1234")
    at.visit("stand-in-dns", f"{entra.url}/_standin/dns")
    at.page.get_by_label("Name").fill("a b")
    at.page.get_by_label("Value").fill("x")
    at.press("Add")
    at.look("stand-in-dns-error")
    at.visit("stand-in-error-code", f"{entra.url}/error?code=50011")
    at.end()


def test_the_portal(tour: Begin, entra: StandIn, adatum: Directory, settings: Any) -> None:
    at = tour("portal")
    app = adatum.add_app(name="Example portal", delegated=["User.Read"], consented=False)
    app.require_assignment(adatum, *adatum.people)
    app.add_federated_credential("https://cluster.example", "system:serviceaccount:web:portal")
    portal = f"{entra.url}/_standin/portal"
    here = f"{portal}/{adatum.tenant_id}"
    at.visit("portal-choose", f"{portal}/?choose=1")
    at.visit("portal-not-found", f"{portal}/nowhere")
    for name, path in (
        ("overview", ""),
        ("domains", "domains"),
        ("users", "users"),
        ("apps", "apps"),
        ("enterprise", "enterprise"),
        ("enterprise-app", f"enterprise/{app.client_id}"),
        ("app", f"apps/{app.client_id}/"),
        ("authentication", f"apps/{app.client_id}/authentication"),
        ("permissions", f"apps/{app.client_id}/permissions"),
        ("register", "apps/new"),
    ):
        at.goto(f"{here}/{path}")
        at.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        at.look(f"portal-{name}")
    at.page.get_by_label("Redirect URI").fill("http://portal.example.com/callback")
    at.press("Register")
    at.look("portal-register-errors")
    at.goto(f"{here}/apps/{app.client_id}/credentials")
    at.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    at.look("portal-credentials")
    at.press("Add")
    expect(at.page.get_by_text("A client secret was added.")).to_be_visible()
    at.look("portal-new-secret")
    at.end()
