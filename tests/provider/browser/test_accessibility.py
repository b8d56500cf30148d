"""The pages of the provider: see tests/browser/accessibility."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from azuread_connections.models import Application
from azuread_connections.provider.models import API, ClientGrant, OAuthClientSecret
from tests.browser.accessibility.tour import Tour
from tests.company import Company
from tests.provider.admin.test_logout_notices import notice_for
from tests.provider.browser.test_activate import Television
from tests.provider.devices import GRANT_TYPE
from tests.provider.relying_party import RelyingParty

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Begin = Callable[[str], Tour]

ACCOUNTS = "/login/profile/accounts"


def named(party: RelyingParty, name: str) -> RelyingParty:
    Application.objects.filter(pk=party.application.pk).update(name=name)
    return party


def sign_in(at: Tour, party: RelyingParty) -> None:
    slug = party.application.slug
    at.goto(f"/login/contoso/?application={slug}&next={ACCOUNTS}")
    at.press("Adele Vance", exact=False)
    at.page.wait_for_url(f"**{ACCOUNTS}")


def address(party: RelyingParty, **changes: str) -> str:
    return f"/id/authorize?{urlencode(party.request(**changes))}"


def test_clients(tour: Begin, company: Company) -> None:
    at = tour("clients")
    portal = named(RelyingParty.create(company, is_first_party=False), "Northwind Orders")
    api = API.objects.create(
        name="Orders", identifier="urn:orders", scopes={"read": "see your orders"}
    )
    ClientGrant.objects.create(client=portal.client, api=api, scope="read")
    native = RelyingParty.create(
        company, application_type=Application.Type.NATIVE, callback="northwind://callback"
    )
    at.visit("client-unknown", address(portal, redirect_uri="https://other.example/"))
    at.visit("client-expired", "/id/authorize/resume?request=x")
    sign_in(at, portal)
    at.visit("client-consent", address(portal, audience="urn:orders", scope="openid read"))
    at.page.evaluate("document.querySelector('[name=request]').value = 'x'")
    at.press("Allow")
    at.look("client-consent-expired")
    at.visit("client-logout", f"/id/oidc/logout?client_id={portal.client_id}")
    at.visit("client-auth0-logout", f"/id/v2/logout?client_id={portal.client_id}")
    at.visit("client-logout-refused", "/id/oidc/logout?id_token_hint=x")
    own = named(RelyingParty.create(company), "Portal")
    sign_in(at, own)
    at.page.route("https://client.example/**", lambda route: route.fulfill(status=204))
    with at.page.expect_request("https://client.example/**"):
        at.page.goto(at.site + address(own, response_mode="form_post"), wait_until="commit")
    at.look("client-form-post")
    at.page.unroute_all(behavior="wait")
    spa = RelyingParty.create(
        company,
        application_type=Application.Type.SPA,
        callback="https://spa.example/",
        web_origins=["https://spa.example"],
    )
    sign_in(at, spa)
    at.visit("client-web-message", address(spa, response_mode="web_message", prompt="none"))
    sign_in(at, native)
    at.visit("client-continue", address(native))
    devices(at, company)
    at.end()


def devices(at: Tour, company: Company) -> None:
    party = named(
        RelyingParty.create(
            company,
            application_type=Application.Type.NATIVE,
            grant_types=[GRANT_TYPE, "refresh_token"],
        ),
        "Northwind Television",
    )
    at.visit("device", "/id/activate")
    code = at.page.get_by_label("The code that your device shows")
    code.fill("bbbb bbbb")
    code.press("Enter")
    at.look("device-unknown-code")
    sign_in(at, party)
    for name, button in (("denied", "Deny"), ("allowed", "Allow")):
        television = Television(f"{at.site}/id/", party.client_id)
        at.goto("/id/activate")
        code.fill(television.answer["user_code"])
        code.press("Enter")
        expect(at.page.get_by_role("button", name="Deny")).to_be_visible()
        if name == "denied":
            at.look("device-confirm")
        at.press(button)
        at.look(f"device-{name}")
    television = Television(f"{at.site}/id/", party.client_id)
    party.application.connections.clear()
    at.goto("/id/activate")
    code.fill(television.answer["user_code"])
    code.press("Enter")
    at.look("device-refused")


def test_the_admin(tour: Begin, company: Company) -> None:
    at = tour("client-admin")
    at.be_boss()
    portal = named(RelyingParty.create(company), "Northwind Orders")
    spa = RelyingParty.create(company, application_type=Application.Type.SPA)
    api = API.objects.create(
        name="Orders", identifier="urn:orders", scopes={"read": "see your orders"}
    )
    ClientGrant.objects.create(client=portal.client, api=api, scope="read")
    notice = notice_for(portal, attempts=3)
    at.admin("client-application-add")
    at.press("Save")
    at.look("client-application-errors")
    at.admin("client-application", portal.application.pk)
    at.admin("client-application-public", spa.application.pk)
    at.admin("client-add-secret", portal.application.pk)
    at.page.get_by_label("Expires").fill("2001-01-31")
    at.press("Add the client secret")
    expect(at.page.locator(".errorlist")).to_be_visible()
    at.look("client-add-secret-errors")
    at.page.get_by_label("Expires").fill("2999-01-31")
    at.press("Add the client secret")
    expect(at.page.locator("#azuread-client-secret")).to_be_visible()
    at.look("client-secret")
    secret = OAuthClientSecret.objects.first()
    assert secret is not None
    at.admin("client-delete-secret", portal.application.pk, query=f"?secret={secret.pk}")
    at.admin("client-remove", portal.application.pk)
    for name in ("changelist", "add"):
        at.admin(f"api-{name}")
    for name in ("change", "delete", "history"):
        at.admin(f"api-{name}", api.pk)
    at.admin("notice-changelist")
    for name in ("change", "history"):
        at.admin(f"notice-{name}", notice.pk)
    at.end()
