"""The list of errors above a refused form."""

from __future__ import annotations

import re

import pytest
from django.http import HttpResponse
from django.test import Client

from azuread_connections.models import Connection
from tests.admin.pages import ADD, change_page, filled_in, mappings

pytestmark = pytest.mark.django_db


def listed(response: HttpResponse) -> list[tuple[str, str]]:
    """Return each entry's anchor and text; fail if the page lacks the anchor."""
    html = response.content.decode()
    entries = html.partition('<ul class="azuread-errors"')[2].partition("</ul>")[0]
    found = re.findall(r'<a href="#([^"]*)">(.*?)</a>', entries)
    for anchor, _text in found:
        assert f'id="{anchor}"' in html
    return found


def test_each_error_leads_to_its_field_in_the_order_of_the_page(
    boss: Client, connection: Connection
) -> None:
    data = filled_in(connection, max_groups="-1", domain="contoso", identity_api="v3")
    anchors = [anchor for anchor, _text in listed(boss.post(change_page(connection), data))]
    assert anchors[0] == "id_domain"
    assert anchors[1].startswith("id_identity_api")
    assert anchors[2] == "id_max_groups"


def test_errors_of_a_table_follow(boss: Client, connection: Connection) -> None:
    row = {"directory_group_id": "no GUID", "label": "", "group": ""}
    data = filled_in(connection, domain="contoso") | mappings(connection, row)
    data["security_groups"] = "on"
    entries = listed(boss.post(change_page(connection), data))
    assert [anchor for anchor, _text in entries] == [
        "id_domain",
        "id_group_mappings-0-directory_group_id",
    ]


def test_what_was_typed_is_escaped(boss: Client) -> None:
    data = filled_in(domain="<b>contoso")
    response = boss.post(ADD, data)
    assert listed(response)
    assert b"<b>contoso" not in response.content


def test_a_valid_page_has_no_list(boss: Client, connection: Connection) -> None:
    assert listed(boss.get(change_page(connection))) == []
