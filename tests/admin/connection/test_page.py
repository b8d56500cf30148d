"""What goes wrong while a connection is saved is mailed to ADMINS: without the client secret."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.db.models import Model
from django.test import Client
from django.utils.log import AdminEmailHandler

from azuread_connections.admin.connection import page as connection_page
from azuread_connections.models import ClientSecret, Connection, fields
from azuread_connections.testing import StandIn
from tests.admin.conftest import SECRET
from tests.admin.pages import change_page, filled_in

pytestmark = pytest.mark.django_db
HTML_TOO = pytest.mark.parametrize("admins", [False, True], ids=["text", "html"], indirect=True)


@pytest.fixture
def admins(request: pytest.FixtureRequest, settings: Any) -> Iterator[None]:
    """Mail errors as Django's own LOGGING does with DEBUG off; with all variables, as HTML."""
    settings.ADMINS = [("Ada", "ada@example.com")]
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


@HTML_TOO
def test_of_what_was_posted(
    boss: Client,
    connection: Connection,
    microsoft: StandIn,
    admins: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection_page, "set_further_domains", fail)
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
        fail() if isinstance(row, ClientSecret) else save(row, *args, **kwargs)

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
