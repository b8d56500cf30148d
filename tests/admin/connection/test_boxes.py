"""An optional sub-app adds a box to a connection's page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.test import Client

from azuread_connections.admin.connection import boxes
from azuread_connections.admin.connection.boxes import Box, add_box
from azuread_connections.models import Connection
from tests.admin.pages import ADD, change_page, filled_in

pytestmark = pytest.mark.django_db

BOX = '<p>{{ box.words }}</p><button form="probe-form" name="go">Go</button>'
FORMS = '<form id="probe-form" method="post" action="/{{ box.words }}"></form>'


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any) -> None:
    monkeypatch.setattr(boxes, "_sources", {})
    (tmp_path / "probe_box.html").write_text(BOX)
    (tmp_path / "probe_forms.html").write_text(FORMS)
    (engine,) = settings.TEMPLATES
    settings.TEMPLATES = [engine | {"DIRS": [*engine["DIRS"], tmp_path]}]


def provisioning(site: AdminSite, request: HttpRequest, connection: Connection) -> Box | None:
    if not request.user.is_superuser:  # type: ignore[union-attr]
        return None
    return Box(
        "Provisioning",
        "probe_box.html",
        summary=f"off for {connection.name}",
        context={"words": "<pushed>"},
        forms_template="probe_forms.html",
    )


def html_of(client: Client, page: str) -> str:
    return client.get(page).content.decode()


def test_the_box_is_a_section_with_an_entry_in_the_list(
    boss: Client, connection: Connection
) -> None:
    assert "Provisioning</a>" not in html_of(boss, change_page(connection))
    add_box("provisioning", provisioning)
    html = html_of(boss, change_page(connection))
    assert '<a href="#azuread-provisioning">Provisioning</a>' in html
    assert 'data-azuread-section="provisioning">' in html
    assert "off for contoso" in html
    assert "<p>&lt;pushed&gt;</p>" in html


def test_its_own_forms_are_outside_the_connections_form(
    boss: Client, connection: Connection
) -> None:
    add_box("provisioning", provisioning)
    html = html_of(boss, change_page(connection))
    end = html.index("</form>", html.index('id="connection_form"'))
    assert html.index('<button form="probe-form"') < end < html.index('<form id="probe-form"')


def test_a_source_can_show_nothing(connection: Connection, staff: Callable[..., Client]) -> None:
    add_box("provisioning", provisioning)
    assert "Provisioning" not in html_of(staff("view_connection"), change_page(connection))


def test_a_new_connection_has_no_boxes(boss: Client) -> None:
    add_box("provisioning", provisioning)
    assert "Provisioning" not in html_of(boss, ADD)


def test_the_box_stays_on_a_refused_form(boss: Client, connection: Connection) -> None:
    add_box("provisioning", provisioning)
    response = boss.post(change_page(connection), filled_in(connection, domain="contoso"))
    assert "Provisioning</a>" in response.content.decode()
