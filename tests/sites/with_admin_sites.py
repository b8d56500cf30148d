"""Run by ``test_sites`` with an admin site of a site's own, next to Django's and alone."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from azuread_connections.models import Connection, Directory, SetupLink
from azuread_connections.testing import StandIn, next_address
from tests.admin.pages import filled_in, text
from tests.company import Company
from tests.sites.admin_pages import furnish, pages

pytestmark = pytest.mark.django_db

OWN = "/backoffice/"
BOTH = "tests.sites.urls_admin_sites"
ALONE = "tests.sites.urls_own_admin_only"
ADDRESS = re.compile(r'\s(?:href|action|formaction|src)="([^"]*)"')
LINK = re.compile(r'\shref="([^"]*)"')


@pytest.fixture(params=[BOTH, ALONE], ids=["next to Django's", "alone"])
def sites(settings: Any, request: pytest.FixtureRequest) -> None:
    settings.ROOT_URLCONF = request.param


@pytest.fixture
def boss(sites: None, db: None) -> Client:
    client = Client()
    user = get_user_model().objects.create_superuser("boss")
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def company(microsoft: StandIn, boss: Client) -> Company:
    return furnish(microsoft)


@pytest.fixture
def base(company: Company) -> str:
    return f"{OWN}azuread_connections/connection/{company.connection.pk}"


def addresses(response: Any, pattern: re.Pattern[str] = ADDRESS) -> set[str]:
    """Return the paths of this site that a page has, without those of files and of the sign-in."""
    found = (unescape(each).split("#")[0] for each in pattern.findall(response.content.decode()))
    return {
        each
        for each in found
        if each.startswith("/") and not each.startswith(("//", "/static/", "/login/"))
    }


def test_no_page_leads_to_another_admin_site(company: Company, boss: Client) -> None:
    """Each page, and each page that one of these leads to."""
    seen: set[str] = set()
    waiting = {f"{OWN}{path}" for path in pages(company).values()}
    linked: set[str] = set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        response = boss.get(path)
        if response.status_code == 302:
            assert response["Location"].startswith((OWN, company.microsoft.url)), path
            continue
        assert response.status_code == 200, path
        if not response.get("Content-Type", "").startswith("text/html") or response.streaming:
            continue
        found = addresses(response) - {"/"}
        assert not [each for each in found if not each.startswith(OWN)], path
        linked |= addresses(response, LINK) - {"/"}
        if not waiting and not linked <= seen:
            # One step further: that is where breadcrumbs, filters and tools lead.
            waiting, linked = linked - seen - {f"{OWN}logout/"}, set()
            if len(seen) > len(pages(company)):
                return


def test_a_redirect_stays(company: Company, boss: Client, base: str) -> None:
    directory = Directory.objects.get(tenant_id="x")
    link = SetupLink.objects.get()
    posts: list[tuple[str, dict[str, Any]]] = [
        (f"{OWN}azuread_connections/connection/add/", filled_in(name="second")),
        (f"{base}/change/", filled_in(company.connection)),
        (f"{base}/certificate/", {"create": "1", "years": "1"}),
        (f"{base}/directories/", {"approve": str(directory.pk)}),
        (f"{base}/sign-out/", {}),
        (f"{OWN}azuread_connections/setuplink/{link.pk}/revoke/", {}),
        (f"{base}/delete/", {"post": "yes"}),
    ]
    for path, data in posts:
        response = boss.post(path, data)
        assert response.status_code == 302, (path, text(response)[:500])
        assert response["Location"].startswith(OWN), path
        assert boss.get(response["Location"]).status_code == 200


def test_the_actions_work(company: Company, boss: Client) -> None:
    changelist = f"{OWN}azuread_connections/connection/"
    chosen = {"_selected_action": [company.connection.pk]}
    assert "Are you sure" in text(boss.post(changelist, chosen | {"action": "delete_selected"}))
    exported = boss.post(changelist, chosen | {"action": "export_selected"})
    assert exported["Content-Disposition"].startswith("attachment")
    deleted = boss.post(changelist, chosen | {"action": "delete_selected", "post": "yes"})
    assert deleted["Location"] == changelist
    assert not Connection.objects.exists()


def test_the_check_runs(company: Company, boss: Client, base: str) -> None:
    response = boss.post(f"{base}/check/")
    page = b"".join(response.streaming_content).decode()
    assert "data-outcome" in page
    assert '"/admin/' not in page


def test_a_test_of_the_connection_returns(company: Company, boss: Client, base: str) -> None:
    begun = boss.post(f"{base}/try/")
    back = boss.get(company.microsoft.sign_in(begun, company.person), follow=True)
    assert back.redirect_chain == [(f"{base}/try/", 302)]
    assert addresses(back) - {"/"} == {each for each in addresses(back) if each.startswith(OWN)}


def test_a_consent_returns(company: Company, boss: Client, base: str) -> None:
    admin = company.directory.add_person("Megan Bowen", admin=True)
    begun = boss.post(f"{base}/consent/")
    back = boss.get(company.microsoft.consent(next_address(begun), admin), follow=True)
    assert back.redirect_chain[0][0].startswith(f"{base}/change/")
    assert back.status_code == 200


def test_the_sign_in_page_returns_to_this_site(company: Company) -> None:
    page = Client().get(OWN, follow=True)
    assert page.redirect_chain[0][0].startswith(f"{OWN}login/")
    [button] = re.findall(r'class="azuread-button" href="([^"]*)"', page.content.decode())
    assert "%2Fbackoffice%2F" in button


@pytest.mark.parametrize("sites", [BOTH], indirect=True)
def test_djangos_own_site_is_unchanged(company: Company, boss: Client) -> None:
    for path in pages(company).values():
        response = boss.get(f"/admin/{path}")
        assert response.status_code == 200
        assert OWN not in response.content.decode()
