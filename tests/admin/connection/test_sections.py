"""Which sections of a connection's page are open, and what they are called."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client

from azuread_connections.admin.connection.sections import key_of
from azuread_connections.models import Application, Connection, Credential
from tests.admin.conftest import SECRET
from tests.admin.pages import ADD, change_page, filled_in, mappings

pytestmark = pytest.mark.django_db

SECTION = re.compile(
    r'<details class="module azuread-section[^>]*data-azuread-section="([\w-]+)"([^>]*)>'
)


def sections(response: HttpResponse) -> dict[str, bool]:
    """Return the keys of the page's sections, and whether each is open."""
    html = response.content.decode()
    return {match[1]: match[2].endswith("open") for match in SECTION.finditer(html)}


def open_ones(response: HttpResponse) -> list[str]:
    return [key for key, is_open in sections(response).items() if is_open]


def test_a_stored_connection_has_closed_sections_with_an_entry_each(
    boss: Client, connection: Connection
) -> None:
    response = boss.get(change_page(connection))
    assert sections(response) == dict.fromkeys(
        [
            "callback",
            "consent",
            "setup-links",
            "general",
            "credentials",
            "options",
            "attributes",
            "people",
            "applications",
        ],
        False,
    )
    html = response.content.decode()
    for key in sections(response):
        assert f'<a href="#azuread-{key}">' in html
        assert f'id="azuread-{key}"' in html


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"domain": "contoso"}, "general"),
        ({"client_id": "1"}, "credentials"),
        ({"identity_api": "v3"}, "options"),
        ({"max_groups": "-1"}, "attributes"),
        ({"enabled_applications": "999"}, "applications"),
    ],
)
def test_an_error_opens_its_section_only(
    boss: Client, connection: Connection, change: dict[str, str], key: str
) -> None:
    response = boss.post(change_page(connection), filled_in(connection, **change))
    assert open_ones(response) == [key]


def test_an_error_in_a_mapping_opens_its_section(boss: Client, connection: Connection) -> None:
    row = {"directory_group_id": "no GUID", "label": "", "group": ""}
    data = filled_in(connection, security_groups="on") | mappings(connection, row)
    assert open_ones(boss.post(change_page(connection), data)) == ["people"]


def test_removing_the_last_credential_opens_its_section(
    boss: Client, connection: Connection
) -> None:
    Credential.objects.create(connection=connection, value=SECRET)
    data = filled_in(connection) | {"credentials-0-DELETE": "on"}
    assert open_ones(boss.post(change_page(connection), data)) == ["credentials"]


def test_what_has_to_be_filled_in_is_open_at_first(boss: Client, application: Application) -> None:
    assert open_ones(boss.get(ADD)) == ["callback", "general", "credentials"]
    Application.objects.create(name="Portal", slug="portal")
    assert open_ones(boss.get(ADD)) == ["callback", "general", "credentials", "applications"]


def test_who_may_only_look_has_the_same_sections(
    connection: Connection, staff: Callable[..., Client]
) -> None:
    response = staff("view_connection").get(change_page(connection))
    assert len(sections(response)) == 8
    assert open_ones(response) == []


def test_the_key_is_in_the_classes() -> None:
    assert key_of(["wide", "azuread-general"]) == "general"
    assert key_of(["wide"]) == ""
