"""The state as a query and the state as a property are the same."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.utils import timezone

from azuread_connections.models import Connection, SetupLink
from azuread_connections.setup.states import State, in_state
from tests.factories import SetupLinkFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection() -> Connection:
    return Connection.objects.create(name="contoso", domain="contoso.com", client_id="x")


def test_every_link_is_found_in_its_state_and_in_no_other(connection: Connection) -> None:
    now = timezone.now()
    columns: dict[str, list[Any]] = {
        "approved_at": [None, now],
        "revoked_at": [None, now],
        "finished_at": [None, now],
        "connection": [None, connection],
        "openings_used": [0, 3],
        "expires_at": [now - timedelta(days=1), now + timedelta(days=1)],
    }
    for values in product(*columns.values()):
        of_row = dict(zip(columns, values, strict=True))
        SetupLinkFactory.create(connection_name="contoso", **of_row)
    found = {state: set(in_state(SetupLink.objects.all(), state)) for state in State}
    links = list(SetupLink.objects.all())
    assert len(links) == 64
    assert {state: len(rows) for state, rows in found.items() if not rows} == {}
    for link in links:
        assert [state for state in State if link in found[state]] == [link.state]


def test_several_states_at_once(connection: Connection) -> None:
    sent = SetupLinkFactory.create(connection=connection)
    opened = SetupLinkFactory.create(connection=connection, openings_used=1)
    SetupLinkFactory.create(connection=connection, revoked_at=timezone.now())
    assert set(in_state(SetupLink.objects.all(), State.SENT, State.UNDER_WAY)) == {sent, opened}
    assert not in_state(SetupLink.objects.all()).exists()


def test_a_link_whose_connection_is_deleted_waits_for_nothing(connection: Connection) -> None:
    link = SetupLinkFactory.create(connection=connection, finished_at=timezone.now())
    assert link.state == State.FINISHED
    connection.delete()
    link.refresh_from_db()
    assert link.state == State.OVER
