"""The page that continues after a POST, where a redirect would be blocked."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import DisallowedRedirect
from django.test import Client, RequestFactory

from azuread_connections.login.flows import redirects
from azuread_connections.models import Application
from azuread_connections.testing import next_address
from tests.company import Company
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_after_a_post_a_page_continues_to_microsoft(contoso: Company, client: Client) -> None:
    answer = client.post("/login/", {"email": "adele.vance@contoso.com"})
    assert answer.status_code == 200
    assert "Location" not in answer
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "no-referrer"
    url = next_address(answer)
    assert url.startswith(contoso.microsoft.url)
    page = answer.content.decode()
    escaped = url.replace("&", "&amp;")
    assert f'<meta http-equiv="refresh" content="0; url={escaped}">' in page
    assert f'<a class="azuread-button azuread-button-main" href="{escaped}">' in page
    assert "<script" not in page
    assert "style=" not in page
    assert contoso.come_back(client, url)["Location"] == "/"


def test_after_a_get_it_stays_a_redirect(contoso: Company, client: Client) -> None:
    assert client.get("/login/contoso/").status_code == 302


def redirect_browser(url: str, method: str = "post") -> Any:
    return redirects.redirect_browser(getattr(RequestFactory(), method)("/login/"), url)


@pytest.mark.parametrize("url", ["/", "/reports/?a=b", "/login/", "/login/?next=/x", "/admin/"])
def test_within_the_site_it_stays_a_redirect(url: str) -> None:
    answer = redirect_browser(url)
    assert (answer.status_code, answer["Location"]) == (302, url)


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/",
        "//other.example/",
        "http://testserver/",
        "/login/contoso/?next=/reports/",
        "/login/contoso",
        "/login/%63ontoso/",
        "/reports/../login/contoso/",
        "/login/?connection=contoso",
    ],
)
def test_what_may_leave_the_site_is_led_to_by_a_page(url: str) -> None:
    answer = redirect_browser(url)
    assert answer.status_code == 200
    assert next_address(answer) == url


def test_where_every_page_may_begin_a_sign_in_every_redirect_is_a_page(settings: Any) -> None:
    """The site's own pages can redirect to LOGIN_URL, and so to Microsoft."""
    settings.LOGIN_URL = "/login/contoso/"
    assert next_address(redirect_browser("/reports/")) == "/reports/"
    settings.LOGIN_URL = "no_such_view"
    assert redirect_browser("/reports/").status_code == 302


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "vbscript:x"])
def test_no_page_links_to_a_script(url: str) -> None:
    with pytest.raises(DisallowedRedirect):
        redirect_browser(url)


def test_an_address_ends_neither_the_attribute_nor_the_refresh() -> None:
    url = "https://other.example/?a=\"><script>alert(1)</script>&b='; url=https://evil.example/"
    page = redirect_browser(url).content.decode()
    assert "<script" not in page
    assert next_address(redirect_browser(url)).startswith(
        "https://other.example/?a=%22%3E%3Cscript%3E"
    )
    assert page.count('content="0; url=https://other.example/') == 1


def test_a_sign_out_continues_to_an_allowed_address_by_a_page(
    contoso: Company, client: Client, application: Application
) -> None:
    application.allowed_logout_urls = ["https://other.example/bye"]
    application.save()
    client.force_login(UserFactory.create())
    answer = client.post("/login/logout", {"next": "https://other.example/bye"})
    assert (answer.status_code, next_address(answer)) == (200, "https://other.example/bye")
    assert "_auth_user_id" not in client.session
