"""Run by ``test_sites`` with a theme of the admin: axe-core finds nothing on our pages but what the
theme itself does, and none is wider than a phone.

Run by ``tests/scim/browser`` with the settings of both sub-apps, for their pages alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from playwright.sync_api import Browser, Page

from azuread_connections.models import Application
from azuread_connections.testing import StandIn
from tests.browser.accessibility.exceptions import Known
from tests.browser.accessibility.inspector import AXE, COLOURS, EVERYTHING, STRUCTURE
from tests.browser.conftest import boss, chromium, close, page, screenshots
from tests.company import Company
from tests.sites.admin_pages import furnish, pages

__all__ = ["boss", "chromium", "page", "screenshots"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

THEME = settings.INSTALLED_APPS[0]
HAS_SUB_APPS = "azuread_connections.scim" in settings.INSTALLED_APPS
BACKEND = "django.contrib.auth.backends.ModelBackend"
#: CSS pixels.
PHONE = 390
#: What a theme does on pages of others as well. The keys are themes.
KNOWN: dict[str, tuple[Known, ...]] = {
    "unfold": (
        Known("landmark-one-main", "html", "No page of the theme has a main part."),
        Known("region", "body", "So nothing on a page is inside of one."),
        Known(
            "landmark-unique",
            ".simplebar-content-wrapper",
            "The parts that scroll in the theme all have the same name.",
        ),
        Known(
            "target-size",
            "#searchbar-submit, .sortoptions",
            "The theme's buttons for searching and sorting are 18 pixels high.",
        ),
    ),
    "jazzmin": (
        Known("page-has-heading-one", "html", "The theme's title of a page is an h3."),
        Known("empty-heading", "h3.mb-0", "It is empty on the page of the history."),
        Known("heading-order", ".card-header h5", "The theme's index has h5 without h4."),
        Known("region", ".skip-link", "The theme's links to skip to a part are in none,"),
        Known("skip-link", ".skip-link", "and one of them leads to no part."),
        Known("landmark-unique", "#jazzy-navbar", "Two navigations of the theme have no name."),
        Known("aria-allowed-role", "ul[role]", "The theme's navigations are lists with a role,"),
        Known("listitem", "ul[role] li", "so their items are in no list."),
        Known("link-name", "[data-lte-toggle]", "The theme's button for its menu has no text."),
        Known("link-name", "th a[href^='?o=']", "So has its cross that ends the sorting."),
        Known("label", "#searchbar", "Its search field has no label."),
        Known("target-size", "td.action-checkbox", "The theme's lists are too dense for these."),
        Known(
            "color-contrast",
            ".app-main a:not(.button)",
            "Bootstrap's colour of links, #0d6efd, on the theme's light grey: 4.2 to 1.",
        ),
        Known(
            "link-in-text-block",
            ".breadcrumb a, .delete-confirmation a, .app-main li > a",
            "In dark, Bootstrap's colour of links is close to that of text.",
        ),
    ),
}

#: The ends of names of pages that a theme makes wider than a phone: by its table of what is
#: deleted, and by an email address in the path of the page, which does not break.
WIDE = {"unfold": (), "jazzmin": ("-delete", "identity")}


@pytest.fixture
def company(microsoft: StandIn, live_server: Any, transactional_db: None) -> Company:
    return furnish(microsoft)


@pytest.fixture(params=["light", "dark"])
def reader(boss: Page, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = chromium.new_context(
        viewport={"width": 1280, "height": 900},
        reduced_motion="reduce",
        color_scheme=request.param,
    )
    context.add_cookies(boss.context.cookies())  # type: ignore[arg-type]
    yield context.new_page()
    close(context)


def pages_of_sub_apps(company: Company) -> dict[str, str]:
    from tests.provider.admin.pages import filled_in
    from tests.scim.admin.conftest import group_of, person_of, request_of

    connection = company.connection
    person = person_of(connection, "adele")
    group = group_of(connection, "Sales", person)
    request = request_of(connection)
    boss = Client()
    boss.force_login(get_user_model().objects.get(username="boss"), BACKEND)
    data = filled_in(allowed_callback_urls="https://orders.example.com/callback")
    boss.post("/admin/azuread_connections/application/add/", data)
    client = f"application/{Application.objects.get(slug='orders').pk}"
    boss.post(f"/admin/azuread_scim/scimtoken/connection/{connection.pk}/", {"newest": "0"})
    token = connection.scim_tokens.get()
    core = {
        "client": f"{client}/change/",
        "client-secret": f"{client}/add-secret/",
        "client-remove": f"{client}/remove-client/",
        "connection": f"connection/{connection.pk}/change/",
    }
    provider = {"apis": "api/", "api-add": "api/add/", "notices": "logoutnotice/"}
    scim = {
        "persons": "provisionedperson/",
        "person": f"provisionedperson/{person.pk}/change/",
        "groups": "provisionedgroup/",
        "group": f"provisionedgroup/{group.pk}/change/",
        "requests": "provisioningrequest/",
        "request": f"provisioningrequest/{request.pk}/change/",
        "token": f"scimtoken/connection/{connection.pk}/",
        "token-remove": f"scimtoken/{token.pk}/remove/",
    }
    return {
        name: f"{app}/{path}"
        for app, paths in (
            ("azuread_connections", core),
            ("azuread_provider", provider),
            ("azuread_scim", scim),
        )
        for name, path in paths.items()
    }


#: Exceptions that a page needed, by the colour scheme.
USED: set[str] = set()


def look(page: Page, name: str, *, only_colours: bool) -> list[dict[str, str]]:
    page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
    page.evaluate(AXE)
    page.evaluate(STRUCTURE)
    known = [[each.rule, each.selector] for each in KNOWN[THEME]]
    options = COLOURS if only_colours else EVERYTHING
    answer = page.evaluate("([options, known]) => looks.examine(options, known)", [options, known])
    USED.update(answer["used"])
    found: list[dict[str, str]] = answer["found"]
    if not only_colours and not name.endswith(WIDE[THEME]):
        page.set_viewport_size({"width": PHONE, "height": 800})
        found += wider_than_the_window(page)
        page.set_viewport_size({"width": 1280, "height": 900})
    return found


def wider_than_the_window(page: Page) -> list[dict[str, str]]:
    """Return what is too wide, once the theme's scripts have folded its menu away."""
    found: list[dict[str, str]] = page.evaluate("looks.width('ltr')")
    for _look in range(20):
        if not found:
            break
        page.wait_for_timeout(200)
        found = page.evaluate("looks.width('ltr')")
    return found


def test_nothing_is_found_but_what_the_theme_does(
    company: Company, reader: Page, live_server: Any, request: pytest.FixtureRequest
) -> None:
    errors: list[str] = []
    reader.on("pageerror", lambda error: errors.append(str(error)))
    only_colours = request.node.callspec.params["reader"] == "dark"
    findings = []
    paths = pages_of_sub_apps(company) if HAS_SUB_APPS else pages(company)
    for name, path in paths.items():
        reader.goto(f"{live_server.url}/admin/{path}")
        findings += [(name, each) for each in look(reader, name, only_colours=only_colours)]
    assert not findings, "\n" + "\n".join(map(str, findings))
    assert not errors


@pytest.mark.skipif(HAS_SUB_APPS, reason="not every exception concerns their pages")
def test_each_exception_is_needed() -> None:
    """After the pages: a theme that has fixed one of these is looked at without it."""
    assert {f"{each.rule} {each.selector}" for each in KNOWN[THEME]} == USED
