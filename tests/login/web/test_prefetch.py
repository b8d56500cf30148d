"""Links that a program or a prefetching browser opens before a person does."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from azuread_connections.models import Event
from azuread_connections.testing import next_address
from tests.company import Company
from tests.field_cases import case

pytestmark = pytest.mark.django_db

F21 = case("F21")
BROWSERS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Mobile Safari/537.36",
    "python-requests/2.32",
    "",
]


def assert_left_for_the_browser(answer: Any, status: int = 200) -> str:
    """Assert that no sign-in starts: no redirect, no cookie. Return the address where a browser
    continues."""
    assert answer.status_code == status
    assert "Location" not in answer
    assert not answer.cookies
    assert "no-store" in answer["Cache-Control"]
    return next_address(answer)


def test_a_link_opened_from_office_arrives_with_its_destination(contoso: Company) -> None:
    asked = re.search(r"GET (\S+)\s+User-Agent: (.+)$", F21, re.MULTILINE)
    assert asked
    address, agent = asked[1], asked[2].strip()
    office, browser = Client(), Client()
    url = assert_left_for_the_browser(office.get(address, headers={"user-agent": agent}))
    # Office opens the address in the browser, which continues.
    answer = browser.get(address, headers={"user-agent": BROWSERS[0]})
    assert contoso.come_back(browser, answer["Location"])["Location"] == "/report"
    # A browser with that name continues from the page, and is not stopped again.
    embedded = Client()
    answer = embedded.get(url, headers={"user-agent": agent})
    assert contoso.come_back(embedded, answer["Location"])["Location"] == "/report"


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Win64; x64; ms-office; MSOffice 16)",
        "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Word 16.0.17328; Pro)",
        "Microsoft Office Word 2014",
        "Microsoft Office Existence Discovery",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X) Excel/16.89.24090815",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X) PowerPoint/16.16.27",
        "Microsoft-WebDAV-MiniRedir/10.0.19045",
        "LibreOffice 24.8",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
        "Mozilla/5.0 (compatible; MicrosoftPreview/2.0; +https://aka.ms/MicrosoftPreview)",
        "Mozilla/5.0 (compatible; bingbot/2.0) BingPreview/1.0b",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "facebookexternalhit/1.1",
        "WhatsApp/2.24",
        "TelegramBot (like TwitterBot)",
    ],
)
@pytest.mark.parametrize("address", ["/login/contoso/", "/login/?connection=contoso"])
def test_a_program_is_given_a_page_for_the_browser(
    contoso: Company, client: Client, agent: str, address: str
) -> None:
    url = assert_left_for_the_browser(client.get(address, headers={"user-agent": agent}))
    assert url in {"/login/contoso/?continue=1", "/login/?connection=contoso&continue=1"}
    assert not Event.objects.exists()


@pytest.mark.parametrize("agent", BROWSERS)
def test_a_browser_is_redirected_at_once(contoso: Company, client: Client, agent: str) -> None:
    answer = client.get("/login/contoso/", headers={"user-agent": agent})
    assert answer.status_code == 302
    assert answer.cookies


@pytest.mark.parametrize("address", ["/login/contoso/", "/login/?connection=contoso"])
def test_a_head_request_begins_nothing(contoso: Company, client: Client, address: str) -> None:
    answer = client.head(address)
    assert (answer.status_code, answer.content) == (200, b"")
    assert not answer.cookies


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("x-moz", "prefetch"),
    ],
)
@pytest.mark.parametrize("query", ["", "?continue=1"])
def test_a_prefetch_starts_no_sign_in_and_is_requested_again(
    contoso: Company,
    client: Client,
    caplog: pytest.LogCaptureFixture,
    header: str,
    value: str,
    query: str,
) -> None:
    answer = client.get(f"/login/contoso/{query}", headers={header: value})
    assert_left_for_the_browser(answer, 403)
    assert "django.request" not in [record.name for record in caplog.records]
    assert client.get(f"/login/contoso/{query}").status_code == 302


def test_prefetching_does_not_end_a_sign_in_in_progress(contoso: Company, client: Client) -> None:
    """A browser keeps four of them at a time."""
    url = contoso.start(client, next="/reports/")
    for _ in range(5):
        client.get("/login/contoso/", headers={"sec-purpose": "prefetch"})
        client.head("/login/contoso/")
    assert contoso.come_back(client, url)["Location"] == "/reports/"


def test_the_whole_address_is_kept(contoso: Company, client: Client) -> None:
    asked = "/login/contoso/?next=/reports/%3Fa%3D1%26b%3D%C3%BC&login_hint=a%40contoso.com"
    url = next_address(client.get(asked, headers={"user-agent": "ms-office"}))
    assert url == f"{asked}&continue=1"
