"""The stand-in's portal: an administrator registers an app, by keyboard alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from playwright.sync_api import Locator, Page, expect

from azuread_connections.testing import Directory, StandIn
from tests.keys import certificate_of, rsa_key

pytestmark = pytest.mark.browser

REDIRECT_URI = "https://portal.example.com/login/callback"
#: More than any page has elements that take the focus.
MOST_TABS = 120


@pytest.fixture
def adatum(entra: StandIn) -> Directory:
    directory = entra.add_directory("adatum.com")
    directory.add_person("Cameron White", admin=True)
    directory.add_person("Delia Dennis")
    directory.add_group("Sales")
    return directory


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    file = tmp_path / "example.cer"
    file.write_bytes(certificate_of(rsa_key()).public_bytes(Encoding.DER))
    return file


def go_to(page: Page, target: Locator) -> None:
    """Press Tab until the element has the focus."""
    for _ in range(MOST_TABS):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"The keyboard does not reach {target}")


def press(page: Page, role: Any, name: str) -> None:
    go_to(page, page.get_by_role(role, name=name, exact=True))
    page.keyboard.press("Enter")


def open_pane(page: Page, name: str) -> None:
    go_to(page, page.locator("summary", has_text=name))
    page.keyboard.press("Enter")


def write(page: Page, label: str, text: str) -> None:
    go_to(page, page.get_by_label(label, exact=True))
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def open_page(page: Page, name: str) -> None:
    press(page, "link", name)
    expect(page.get_by_role("heading", level=1, name=name, exact=True)).to_be_visible()


def test_an_app_is_registered_by_keyboard(
    page: Page,
    entra: StandIn,
    adatum: Directory,
    certificate: Path,
) -> None:
    page.goto(entra.portal_url)
    tenant_id = page.get_by_label("Tenant ID", exact=True).input_value()
    assert tenant_id == adatum.tenant_id
    open_page(page, "App registrations")

    press(page, "link", "New registration")
    write(page, "Name", "Example portal")
    write(page, "Redirect URI", "http://portal.example.com/login/callback")
    go_to(page, page.get_by_label("Select a platform"))
    page.keyboard.type("Web")
    press(page, "button", "Register")
    expect(page.get_by_text('Must start with "HTTPS" or "http://localhost".')).to_be_visible()
    assert page.title().startswith("Error: ")
    # What was typed is still there.
    expect(page.get_by_label("Name", exact=True)).to_have_value("Example portal")
    write(page, "Redirect URI", REDIRECT_URI)
    press(page, "button", "Register")
    expect(page.get_by_role("heading", level=1, name="Example portal")).to_be_visible()
    client_id = page.get_by_label("Application (client) ID").input_value()

    page.get_by_label("Directory (tenant) ID").focus()
    open_page(page, "Certificates & secrets")
    open_pane(page, "New client secret")
    write(page, "Description", "Example portal")
    press(page, "button", "Add")
    expect(page.get_by_text("A client secret was added.")).to_be_visible()
    (app,) = adatum.apps
    (secret,) = app.secrets
    go_to(page, page.get_by_label("Value", exact=True))
    expect(page.get_by_label("Value", exact=True)).to_have_value(secret.value)
    open_pane(page, "Upload certificate")
    with page.expect_file_chooser() as chooser:
        press(page, "button", "Select a file")
    chooser.value.set_files(certificate)
    add = page.locator("details[open]").get_by_role("button", name="Add", exact=True)
    go_to(page, add)
    page.keyboard.press("Enter")
    expect(page.get_by_text("The certificate was uploaded.")).to_be_visible()
    expect(page.get_by_text(app.certificates[0].thumbprint, exact=True).first).to_be_visible()
    assert secret.value not in page.content()

    open_page(page, "API permissions")
    open_pane(page, "Add a permission")
    scopes = page.get_by_role("group", name="Delegated permissions")
    go_to(page, scopes.get_by_label("GroupMember.Read.All"))
    page.keyboard.press("Space")
    press(page, "button", "Add permissions")
    press(page, "button", "Grant admin consent for Adatum")
    expect(page.get_by_text("Granted for Adatum").first).to_be_visible()

    open_page(page, "Authentication")
    open_pane(page, "Add Redirect URI")

    assert app.client_id == client_id
    assert app.redirect_uris_of("web") == [REDIRECT_URI]
    assert app.granted_delegated(adatum) == {"User.Read", "GroupMember.Read.All"}
