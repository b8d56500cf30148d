from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from azuread_connections.models import Connection
from azuread_connections.setup.checklist import open_link, setup_item
from tests.factories import ConnectionFactory, SetupLinkFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection() -> Connection:
    return ConnectionFactory.create()


def test_a_link_that_waits_comes_before_a_newer_one(connection: Connection) -> None:
    waiting = SetupLinkFactory.create(connection=connection, finished_at=timezone.now())
    SetupLinkFactory.create(connection=connection)
    assert open_link(connection) == waiting


def test_links_that_are_over_are_no_step(connection: Connection) -> None:
    now = timezone.now()
    SetupLinkFactory.create(connection=connection, revoked_at=now)
    SetupLinkFactory.create(connection=connection, approved_at=now, finished_at=now)
    SetupLinkFactory.create(connection=connection, expires_at=now - timedelta(days=1))
    SetupLinkFactory.create(connection=ConnectionFactory.create())
    assert open_link(connection) is None


def test_the_step_says_how_far_the_customer_has_come(connection: Connection) -> None:
    link = SetupLinkFactory.create(connection=connection)
    assert "Invited on" in str(setup_item(link).evidence)
    link.openings_used, link.step = 1, "credentials"
    item = setup_item(link)
    assert item.evidence == "The customer is at step 3 of 7, “Credentials”."
    assert item.state == "todo"
    link.finished_at = timezone.now()
    item = setup_item(link)
    assert "waits for your approval" in str(item.evidence)
    assert item.state == "warning"


def test_a_step_of_another_version_counts_as_the_first(connection: Connection) -> None:
    link = SetupLinkFactory.create(connection=connection, openings_used=1, step="gone")
    assert "step 1 of 7" in str(setup_item(link).evidence)
