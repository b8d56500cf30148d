"""The page of an application and its client in a real browser, under tests/settings.py's policy."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from playwright.sync_api import Page, expect

from azuread_connections.models import Connection
from azuread_connections.provider.models import API, ClientGrant, OAuthClient, OAuthClientSecret
from tests.factories import ApplicationFactory
from tests.provider.admin.pages import ADD, APIS, APPLICATIONS, page_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CLIENT_ID = "11112222-bbbb-3333-cccc-4444dddd5555"


@pytest.fixture
def boss(page: Page, live_server: Any, transactional_db: None) -> Page:
    """A browser in which a superuser is signed in."""
    user = get_user_model().objects.create_superuser("boss")
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    return page


@pytest.fixture
def connection(transactional_db: None) -> Connection:
    return Connection.objects.create(name="contoso", domain="contoso.com", client_id=CLIENT_ID)


def test_an_application_is_created_and_given_a_secret(
    boss: Page, live_server: Any, connection: Connection, screenshots: Any
) -> None:
    boss.context.grant_permissions(["clipboard-read", "clipboard-write"])
    boss.goto(f"{live_server.url}{ADD}")
    boss.locator("#id_name").press_sequentially("Northwind Orders")
    expect(boss.get_by_label("Slug")).to_have_value("northwind-orders")
    boss.get_by_label("Allowed Callback URLs").fill("https://orders.northwind.example/callback")
    boss.get_by_label("contoso").check()
    screenshots(boss, "application-add")
    boss.get_by_role("button", name="Save", exact=True).click()
    boss.wait_for_url("**/change/")
    client = OAuthClient.objects.get()

    copy_client_id = boss.locator("[data-azuread-copy=azuread-client-id]")
    copy_client_id.click()
    expect(copy_client_id).to_have_text("Copied")
    assert boss.evaluate("navigator.clipboard.readText()") == client.client_id
    expect(boss.locator(".azuread-quick-start")).to_contain_text(client.client_id)
    example = boss.locator("[data-azuread-copy=azuread-example-1]")
    example.click()
    expect(example).to_have_text("Copied")
    assert "authorize_redirect" in boss.evaluate("navigator.clipboard.readText()")

    boss.get_by_role("link", name="Add a client secret").click()
    boss.get_by_label("Expires").fill("2999-01-31")
    screenshots(boss, "application-add-secret")
    boss.get_by_role("button", name="Add the client secret").click()
    boss.locator("[data-azuread-copy=azuread-client-secret]").click()
    secret = boss.evaluate("navigator.clipboard.readText()")
    assert OAuthClientSecret.objects.accepts(client, secret)
    screenshots(boss, "application-secret")

    boss.get_by_role("link", name="Back to the application").click()
    expect(boss.locator("#azuread-client-heading")).to_be_visible()
    assert secret not in boss.content()
    screenshots(boss, "application-client")
    boss.get_by_role("link", name="Delete the client secret").click()
    expect(boss.get_by_text("It is the last one that is valid")).to_be_visible()
    screenshots(boss, "application-delete-secret")
    boss.get_by_role("button", name="Yes, delete it").click()
    expect(boss.get_by_text("None yet: the client cannot get a token")).to_be_visible()


def test_a_type_ticks_its_grant_types_and_marks_the_others(boss: Page, live_server: Any) -> None:
    boss.goto(f"{live_server.url}{ADD}")
    credentials = boss.get_by_label("Client Credentials")
    expect(credentials).to_be_checked()
    boss.locator("label", has_text="Native").click()
    expect(credentials).not_to_be_checked()
    expect(boss.get_by_label("Authorization Code")).to_be_checked()
    note = boss.locator("label", has_text="Client Credentials").locator(".azuread-no-effect")
    expect(note).to_have_text("(no effect for this application type)")
    boss.locator("label", has_text="Regular Web").click()
    expect(note).to_have_count(0)


def test_what_only_a_client_has_is_hidden_for_the_others(boss: Page, live_server: Any) -> None:
    boss.goto(f"{live_server.url}{ADD}")
    origins = boss.get_by_label("Web origins")
    expect(origins).to_be_visible()
    boss.get_by_role("checkbox", name="OAuth client").uncheck()
    expect(origins).to_be_hidden()
    boss.locator("#id_name").press_sequentially("Reports")
    boss.get_by_role("button", name="Save", exact=True).click()
    boss.wait_for_url(f"**{APPLICATIONS}")
    assert not OAuthClient.objects.exists()


def test_a_change_to_a_public_type_is_warned_of(boss: Page, live_server: Any) -> None:
    client = OAuthClient.objects.register(ApplicationFactory.create())
    boss.goto(f"{live_server.url}{page_of(client.application)}")
    warning = boss.get_by_text("Once you save, the client is public")
    expect(warning).to_be_hidden()
    boss.locator("label", has_text="Single Page").click()
    expect(warning).to_be_visible()
    boss.locator("label", has_text="Machine to Machine").click()
    expect(warning).to_be_hidden()


def test_pages_to_look_at(
    boss: Page, live_server: Any, connection: Connection, screenshots: Any
) -> None:
    api = API.objects.create(
        name="Orders",
        identifier="https://api.northwind.example/",
        scopes={"read:orders": "see your orders", "write:orders": "change your orders"},
    )
    applications = {
        kind: ApplicationFactory.create(
            name=name, application_type=kind, allowed_callback_urls=[f"https://{kind}.example/cb"]
        )
        for kind, name in (("spa", "Northwind Shop"), ("machine_to_machine", "Nightly export"))
    }
    for application in applications.values():
        client = OAuthClient.objects.register(application)
        ClientGrant.objects.create(client=client, api=api, scope="read:orders")
    section = ApplicationFactory.create(name="Reports")
    for name, path in (
        ("list", APPLICATIONS),
        ("spa", page_of(applications["spa"])),
        ("machine", page_of(applications["machine_to_machine"])),
        ("section", page_of(section)),
        ("remove", page_of(applications["spa"], "remove-client")),
        ("api", f"{APIS}{api.pk}/change/"),
    ):
        boss.goto(f"{live_server.url}{path}")
        expect(boss.locator("#content")).to_be_visible()
        screenshots(boss, f"application-{name}")


def test_a_phone_is_wide_enough(boss: Page, live_server: Any) -> None:
    client = OAuthClient.objects.register(ApplicationFactory.create())
    OAuthClientSecret.objects.add(client)
    boss.set_viewport_size({"width": 390, "height": 760})
    for name in ("change", "add-secret", "remove-client"):
        boss.goto(f"{live_server.url}{page_of(client.application, name)}")
        assert boss.evaluate("document.documentElement.scrollWidth") <= 390
