"""A connection without a domain and a client ID: nobody signs in with it, and no page fails."""

from __future__ import annotations

import json
from copy import copy
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from azuread_connections.diagnostics.checklist import checklist
from azuread_connections.models import Application, Connection, DomainAlias, SetupLink
from azuread_connections.setup.connections import can_change_directory
from azuread_connections.setup.links import create_link
from azuread_connections.testing import StandIn
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def unfinished(microsoft: StandIn, application: Application) -> Connection:
    connection = create_link(applications=[application], name="Contoso").link.connection
    assert connection is not None
    return connection


@pytest.fixture
def enabled(unfinished: Connection, application: Application) -> Connection:
    """Somebody has ticked it in the admin meanwhile."""
    unfinished.applications.add(application)
    return unfinished


def test_no_sign_in_page_offers_it(enabled: Connection, client: Client) -> None:
    assert "Contoso" not in client.get("/login/").content.decode()
    assert client.get("/login/contoso/").status_code == 403
    for typed in ("ada@contoso.com", "ada@", "@"):
        assert client.post("/login/", {"email": typed}).status_code != 500
    assert not DomainAlias.objects.exists()


def test_the_pages_of_the_admin_show_it(enabled: Connection, client: Client) -> None:
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    for name, args in (("changelist", []), ("change", [enabled.pk]), ("delete", [enabled.pk])):
        url = reverse(f"admin:azuread_connections_connection_{name}", args=args)
        assert client.get(url).status_code == 200
    assert [item for item in checklist(enabled) if item.key == "credentials"]


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("check_connections", {}),
        ("check_secrets", {"verify": True, "sync": True, "fail_on": "never"}),
        ("refresh_signing_keys", {}),
        ("rotate_secrets", {}),
    ],
)
def test_commands_pass_over_it(
    unfinished: Connection, microsoft: StandIn, command: str, options: dict[str, Any]
) -> None:
    call_command(command, stdout=StringIO(), stderr=StringIO(), **options)
    assert not microsoft.requests


def test_an_export_leaves_it_out(unfinished: Connection) -> None:
    out = StringIO()
    call_command("export_connections", stdout=out)
    assert json.loads(out.getvalue()) == []


def test_a_link_changes_the_directory_of_a_set_up_that_is_not_finished(
    unfinished: Connection,
) -> None:
    link = unfinished.setup_links.get()
    assert can_change_directory(link)
    for field in ("finished_at", "approved_at"):
        other = copy(link)
        # Not stored: whether the connection is in use does not decide it then.
        setattr(other, field, timezone.now())
        assert not can_change_directory(other)
    renewal = copy(link)
    renewal.purpose = SetupLink.Purpose.RENEW
    assert not can_change_directory(renewal)
