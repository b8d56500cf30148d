"""The three clients of `make demo`, one after the other, in Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, expect

from project.demo.clients import pages, registered
from tests.test_demo import ROOT, SHIPPED, Run, free_ports

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("demo")
    for name in SHIPPED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", folder)
    run = Run(folder, *free_ports())
    try:
        run.read_until("Press Ctrl-C to stop")
        yield run
    finally:
        run.process.terminate()
        run.end()


def test_the_site_leads_to_its_clients(demo: Run, page: Page) -> None:
    page.goto(demo.site_url)
    page.get_by_role("link", name="A web application").click()
    page.wait_for_url(f"{demo.clients_url}/web/")


def test_a_person_signs_in_to_both_applications_and_out(demo: Run, page: Page) -> None:
    page.goto(f"{demo.clients_url}/web/")
    page.get_by_role("link", name="Sign in").click()
    expect(page.get_by_role("link", name="Continue with Fabrikam")).to_be_visible()
    page.get_by_role("link", name="Continue with Contoso").click()
    page.get_by_role("button", name="Adele Vance").click()
    page.wait_for_url(f"{demo.clients_url}/web/")
    expect(page.get_by_text("Hello, Adele Vance")).to_be_visible()
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("#count")).to_have_text("1")

    # The person is signed in at the site, for the other application, too: nothing is asked.
    page.goto(f"{demo.clients_url}/spa/")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Hello, Adele Vance")).to_be_visible()
    assert "code" not in page.url
    page.get_by_role("button", name="Refresh").click()
    expect(page.locator("#count")).to_have_text("1")

    # Signing out of one ends the tokens of both.
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are not signed in.")).to_be_visible()
    page.goto(f"{demo.clients_url}/web/")
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_role("alert")).to_contain_text("invalid_grant")

    page.get_by_role("link", name="Sign in").click()
    expect(page.get_by_role("link", name="Continue with Contoso")).to_be_visible()


def test_the_web_application_signs_a_person_out(demo: Run, page: Page) -> None:
    page.goto(f"{demo.clients_url}/web/sign-in")
    page.get_by_role("link", name="Continue with Fabrikam").click()
    page.get_by_role("button", name="Lynne Robbins").click()
    expect(page.get_by_text("Hello, Lynne Robbins")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are not signed in.")).to_be_visible()
    page.goto(demo.site_url)
    expect(page.get_by_role("link", name="Continue with Fabrikam")).to_be_visible()


def test_the_single_page_lets_contosos_people_in_and_nobody_else(demo: Run, page: Page) -> None:
    page.goto(f"{demo.clients_url}/spa/")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{demo.site_url}/login/**")
    expect(page.get_by_text("Fabrikam")).to_have_count(0)


def test_the_machine_calls_the_api(demo: Run, page: Page) -> None:
    page.goto(f"{demo.clients_url}/machine/")
    page.get_by_role("button", name="Call the API").click()
    expect(page.locator("#answer")).to_contain_text("Bicycle bell")
    expect(page.get_by_text(registered.API_IDENTIFIER).first).to_be_visible()


@pytest.mark.parametrize("token", ["", "opaque", "e30.e30.e30"])
def test_the_api_refuses_what_is_not_an_access_token_for_it(demo: Run, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = requests.get(f"{demo.clients_url}/api/orders", headers=headers, timeout=10)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_no_log_of_the_demo_holds_a_code_or_secret(demo: Run) -> None:
    folder = demo.folder / ".demo"
    logs = "".join(file.read_text() for file in folder.glob("*.log"))
    assert "GET /web/callback?… " in logs
    assert "code=" not in logs
    assert not [each.secret for each in registered.CLIENTS if each.secret and each.secret in logs]


def test_the_library_is_the_one_that_npm_has(libraries: Path) -> None:
    """Compared with package-lock.json by `npm ci`."""
    ours = ROOT / "project/demo/clients/static" / pages.LIBRARY
    theirs = libraries / "oidc-client-ts/dist/browser/oidc-client-ts.min.js"
    assert ours.read_bytes() == theirs.read_bytes()
