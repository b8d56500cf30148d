"""Errors while a connection is saved are mailed to ADMINS without the client secret."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core import mail
from django.db.models import Model
from django.test import Client
from django.utils.log import AdminEmailHandler

from azuread_connections.admin.connection import saving
from azuread_connections.models import Application, Connection, Credential, fields
from azuread_connections.testing import StandIn
from tests.admin.conftest import SECRET
from tests.admin.pages import ADD, change_page, filled_in, text
from tests.mail import set_admins

pytestmark = pytest.mark.django_db
HTML_TOO = pytest.mark.parametrize("admins", [False, True], ids=["text", "html"], indirect=True)


@pytest.fixture
def admins(request: pytest.FixtureRequest, settings: Any) -> Iterator[None]:
    """Mail errors as Django's own LOGGING does with DEBUG off; with all variables, as HTML."""
    set_admins(settings, "ada@example.com")
    handler = AdminEmailHandler(include_html=request.param)
    logger = logging.getLogger("django.request")
    logger.addHandler(handler)
    yield
    logger.removeHandler(handler)


def fail(*args: Any, **kwargs: Any) -> None:
    raise RuntimeError("database is locked")


def mailed_on_saving(client: Client, connection: Connection) -> str:
    client.raise_request_exception = False
    response = client.post(change_page(connection), filled_in(connection, new_secret=SECRET))
    assert response.status_code == 500
    texts = [letter.body for letter in mail.outbox]
    return "".join([*texts, *(str(part[0]) for each in mail.outbox for part in each.alternatives)])


ADMIN = "/admin/azuread_connections/"


def html_of(client: Client, page: str) -> str:
    return " ".join(client.get(page).content.decode().split())


@HTML_TOO
def test_of_what_was_posted(
    boss: Client,
    connection: Connection,
    microsoft: StandIn,
    admins: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(saving, "set_further_domains", fail)
    letter = mailed_on_saving(boss, connection)
    assert "database is locked" in letter
    assert "new_secret" in letter
    assert SECRET not in letter


@HTML_TOO
def test_of_the_variables_on_the_way_to_the_database(
    boss: Client,
    connection: Connection,
    microsoft: StandIn,
    admins: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save = Model.save

    def saving(row: Any, *args: Any, **kwargs: Any) -> None:
        fail() if isinstance(row, Credential) else save(row, *args, **kwargs)

    monkeypatch.setattr(Model, "save", saving)
    letter = mailed_on_saving(boss, connection)
    assert "database is locked" in letter
    assert SECRET not in letter


@HTML_TOO
def test_of_the_variables_while_it_is_encrypted(
    boss: Client,
    connection: Connection,
    microsoft: StandIn,
    admins: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fields, "Fernet", fail)
    letter = mailed_on_saving(boss, connection)
    assert "database is locked" in letter
    assert SECRET not in letter


def test_problems_are_shown_above_everything_else(boss: Client, connection: Connection) -> None:
    response = boss.post(change_page(connection), filled_in(connection, domain="contoso"))
    page = text(response)
    wrong, callback = (
        page.index(words)
        for words in ("Please correct the error below.", "Callback URL to register in Azure")
    )
    assert wrong < callback
    # They describe stored values, not what is typed.
    assert "Is it ready?" not in page
    assert "Consent of the directory's administrator" not in page


def test_check_now_begins_at_once_and_only_by_a_post(boss: Client, connection: Connection) -> None:
    page = change_page(connection).replace("/change/", "/check/")
    html = html_of(boss, change_page(connection))
    form = re.search(rf'<form id="azuread-check"[^>]*action="{page}"[^>]*>.*?</form>', html)
    assert form
    assert 'method="post"' in form[0]
    assert "csrfmiddlewaretoken" in form[0]
    # A form inside the connection's own would end it.
    assert html.index("</form>", html.index('id="connection_form"')) < html.index(form[0])
    assert '<button type="submit" class="button" form="azuread-check">Check now</button>' in html


def test_a_connection_links_to_its_events(
    boss: Client, connection: Connection, staff: Callable[..., Client]
) -> None:
    page = f"{ADMIN}event/?connection={connection.pk}"
    assert f'href="{page}"' in html_of(boss, change_page(connection))
    assert boss.get(page).status_code == 200
    assert page not in html_of(staff("view_connection"), change_page(connection))


def test_consent_is_in_the_row_of_buttons(boss: Client, application: Application) -> None:
    row = html_of(boss, ADD).partition('<div class="submit-row">')[2].partition("</div>")[0]
    names = re.findall(r'type="submit"[^>]*name="(\w+)"', row)
    assert names[0] == "_save"
    assert names[-1] == "_consent"
