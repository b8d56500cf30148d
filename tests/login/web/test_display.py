"""How the pages of a sign-in are shown."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import translation

from azuread_connections.login.web import display
from azuread_connections.login.web.display import Display, choose_language

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("ui_locales", "expected"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("tlh de en", "de"),
        ("DE", "de"),
        ("", ""),
        ("tlh", ""),
        ("../de", ""),
        ("x" * 600, ""),
        (" ".join(["tlh"] * 10 + ["de"]), ""),
    ],
)
def test_the_first_language_that_the_site_has(ui_locales: str, expected: str) -> None:
    assert choose_language(ui_locales) == expected


def test_a_page_is_rendered_in_the_language_and_the_next_request_is_not() -> None:
    browser = Client(headers={"Accept-Language": "en"})
    browser.cookies["azuread_display"] = "de."
    page = browser.get("/login/")
    assert '<html lang="de"' in page.content.decode()
    assert page["Content-Language"] == "de"
    assert page["Cross-Origin-Opener-Policy"] == "same-origin"
    assert translation.get_language() == "en"


def test_a_popup_keeps_its_opener() -> None:
    browser = Client()
    browser.cookies["azuread_display"] = ".popup"
    assert browser.get("/login/")["Cross-Origin-Opener-Policy"] == "unsafe-none"


@pytest.mark.parametrize("value", ["", "tlh.", ".window", "de", "\x7f.", "." * 5_000])
def test_a_cookie_that_says_nothing_changes_little(value: str) -> None:
    browser = Client(headers={"Accept-Language": "en"})
    browser.cookies["azuread_display"] = value
    page = browser.get("/login/")
    assert page.status_code == 200
    assert page["Cross-Origin-Opener-Policy"] == "same-origin"


def test_the_cookie_is_for_this_host_alone_and_for_as_long_as_the_sign_in() -> None:
    request = RequestFactory().get("/", secure=True)
    response = HttpResponse()
    display.remember(request, response, Display("de", True), 600)
    cookie = response.cookies["__Host-azuread_display"]
    assert (cookie.value, cookie["max-age"], cookie["path"]) == ("de.popup", 600, "/")
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")


def test_it_is_taken_away_unless_it_was_just_given() -> None:
    request = RequestFactory().get("/")
    request.COOKIES["azuread_display"] = "de."
    response = HttpResponse()
    display.forget(request, response)
    assert response.cookies["azuread_display"]["max-age"] == 0
    response = HttpResponse()
    display.remember(request, response, Display("en"), 600)
    display.forget(request, response)
    assert response.cookies["azuread_display"].value == "en."
