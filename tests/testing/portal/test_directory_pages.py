from __future__ import annotations

import pytest

from azuread_connections.testing.portal.directory_pages import SHOWN_PEOPLE
from tests.testing.contoso import get

from .conftest import Portal


def test_the_overview_has_what_a_set_up_asks_for(portal: Portal) -> None:
    page = portal.read()
    for label, value in {
        "Name": "Contoso",
        "Tenant ID": portal.directory.tenant_id,
        "Primary domain": "contoso.com",
    }.items():
        assert f">{label}</label>" in page
        assert f'value="{value}"' in page


def test_the_domains_lead_to_their_dns_records(portal: Portal) -> None:
    page = portal.read("domains")
    for domain in ("contoso.com", "contoso.net", "contoso.onmicrosoft.com"):
        assert f'<a href="/_standin/dns">DNS records of {domain}</a>' in page


def test_an_account_is_disabled_and_enabled(portal: Portal) -> None:
    adele = portal.directory.people[0]
    portal.press("users", "disable", key=adele.object_id)
    assert not adele.enabled
    portal.press("users", "enable", key=adele.object_id)
    assert adele.enabled


def test_nobody_of_another_directory_is_disabled(portal: Portal) -> None:
    alex = portal.entra.add_directory("fabrikam.com").add_person("Alex Wilber")
    assert portal.send("users", "disable", key=alex.object_id).status_code == 400
    assert alex.enabled


@pytest.mark.parametrize("search", ["diego", "DIEGO.SICILIANI@contoso.com"])
def test_people_beyond_the_first_are_found_by_searching(portal: Portal, search: str) -> None:
    for number in range(SHOWN_PEOPLE):
        portal.directory.add_person(f"Colleague {number}")
    portal.directory.add_person("Diego Siciliani")
    assert "Diego" not in portal.read("users")
    found = portal.read(f"users?search={search}")
    assert "Diego Siciliani" in found
    assert "1 of 1 users shown" in found
    assert "Colleague" not in found


def test_without_a_directory_it_says_so(portal: Portal) -> None:
    portal.entra.reset()
    assert "There are no directories yet." in get(f"{portal.entra.url}/_standin/portal/").text
