"""From one page to the next: front page, connection, its events, its checks."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.utils import timezone

from azuread_connections.models import Application, Connection, Event
from tests.company import Company
from tests.factories import ClientSecretFactory

from .pages import ADD, change_page, filled_in, text

pytestmark = pytest.mark.django_db
ADMIN = "/admin/azuread_connections/"


def html_of(client: Client, page: str) -> str:
    return " ".join(client.get(page).content.decode().split())


# --- The front page: client secrets that need somebody ---------------------------------------


@pytest.fixture
def front_page(boss: Client, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    template = "azuread_connections/admin_index.html"
    monkeypatch.setattr(admin.site, "index_template", template, raising=False)
    return lambda: html_of(boss, "/admin/")


def test_what_would_stop_is_named_with_its_date_and_linked(
    connection: Connection, front_page: Callable[[], str]
) -> None:
    expires_at = timezone.now() + timedelta(days=12)
    ClientSecretFactory(connection=connection, expires_at=expires_at)
    page = front_page()
    assert f'<a href="{change_page(connection)}#secrets-group"><strong>contoso</strong></a>' in page
    assert f"({expires_at.astimezone(UTC):%Y-%m-%d})" in page
    assert "would stop: default" in page


def test_what_has_expired_has_stopped(
    connection: Connection, front_page: Callable[[], str]
) -> None:
    ClientSecretFactory(connection=connection, expires_at=datetime(2026, 1, 2, tzinfo=UTC))
    page = front_page()
    assert "(2026-01-02)" in page
    assert "– stopped: default" in page


# --- A connection's page ---------------------------------------------------------------------


def test_what_is_wrong_stands_above_everything_else(boss: Client, connection: Connection) -> None:
    response = boss.post(change_page(connection), filled_in(connection, domain="contoso"))
    page = text(response)
    wrong, callback = (
        page.index(words)
        for words in ("Please correct the error below.", "Callback URL to register in Azure")
    )
    assert wrong < callback
    # They would be told of what is typed, which is not stored.
    assert "Is it ready?" not in page
    assert "Consent of the directory's administrator" not in page


def test_check_now_begins_at_once_and_only_by_a_post(boss: Client, connection: Connection) -> None:
    page = change_page(connection).replace("/change/", "/check/")
    form = re.search(
        rf'<form[^>]*action="{page}"[^>]*>.*?</form>', html_of(boss, change_page(connection))
    )
    assert form
    assert 'method="post"' in form[0]
    assert "csrfmiddlewaretoken" in form[0]
    assert "Check now" in form[0]


def test_a_connection_leads_to_its_events(
    boss: Client, connection: Connection, staff: Callable[..., Client]
) -> None:
    page = f"{ADMIN}event/?connection={connection.pk}"
    assert f'href="{page}"' in html_of(boss, change_page(connection))
    assert boss.get(page).status_code == 200
    assert page not in html_of(staff("view_connection"), change_page(connection))


def test_asking_for_consent_stands_in_the_row_of_buttons(
    boss: Client, application: Application
) -> None:
    row = html_of(boss, ADD).partition('<div class="submit-row">')[2].partition("</div>")[0]
    names = re.findall(r'type="submit"[^>]*name="(\w+)"', row)
    assert names[0] == "_save"
    assert names[-1] == "_consent"


def test_the_chart_counts_one_as_one(boss: Client, connection: Connection) -> None:
    Event.objects.create(
        created_at=timezone.now(), kind=Event.Kind.SIGNED_IN, connection=connection
    )
    page = text(boss.get(change_page(connection)))
    assert "Last 30 days: 1 sign-in 0 failures" in page
    assert f"highest: 1 a day {timezone.now():%Y-%m-%d}" in page


# --- When a directory's people were last let in -----------------------------------------------


def let_in(client: Client, company: Company) -> list[Any]:
    page = client.get(change_page(company.connection)).context["directories"]
    rows = client.get(f"{ADMIN}directory/").context["cl"].result_list
    shown = admin.site.get_model_admin(type(rows[0])).last_seen
    return [re.sub("<[^>]*>", "", value) for value in (page[0]["last_seen"], shown(rows[0]))]


@pytest.fixture
def microsoft(entra: Any, settings: Any) -> Any:
    """The stand-in without a directory: a company brings its own."""
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "LOGIN_URL": entra.url,
        "GRAPH_URL": f"{entra.url}/graph",
    }
    return entra


def test_a_sign_in_by_the_connections_own_directory_is_told(boss: Client, contoso: Company) -> None:
    assert let_in(boss, contoso) == ["never", "never"]
    assert contoso.sign_in(Client()).status_code == 302
    assert let_in(boss, contoso) == ["just now", "just now"]


def test_what_was_not_written_down_is_not_said_to_be_never(boss: Client, contoso: Company) -> None:
    contoso.sign_in(Client())
    Connection.objects.update(use_common_endpoint=True)
    assert let_in(boss, contoso) == ["–", "–"]
