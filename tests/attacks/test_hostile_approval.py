"""Set-up links in the admin: inviting oneself, and an approval of what nobody has seen."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from azuread_connections.models import Connection, Credential, SetupLink
from tests.company import Company
from tests.factories import SetupLinkFactory

from .catalogue import Attacker, Standing, attack
from .test_hostile_colleague import BACKEND, colleague

pytestmark = pytest.mark.django_db

CONNECTIONS = "/admin/azuread_connections/connection/"
LINKS = "/admin/azuread_connections/setuplink/"
#: What inviting needs, for a new customer.
NEEDED = ("add_setuplink", "add_connection", "change_connection", "manage_secret")


def invitation(contoso: Company, **changes: Any) -> dict[str, Any]:
    applications = [each.pk for each in contoso.connection.applications.all()]
    form = {"customer": "Mallory", "applications": applications, "purpose": "renew"}
    return form | {"days": "5", "openings": "10"} | changes


@pytest.fixture
def finished(contoso: Company) -> SetupLink:
    """A link that waits for approval; its connection is enabled for nothing yet."""
    connection = contoso.connection
    connection.credentials.update(last_success_at=timezone.now())
    connection.aliases.all().mark_verified(connection.tenant_id)
    applications = list(connection.applications.all())
    connection.applications.clear()
    return SetupLinkFactory.create(
        connection=connection,
        connection_name=connection.name,
        applications=applications,
        finished_at=timezone.now(),
    )


@pytest.mark.parametrize("lacking", NEEDED)
@attack(
    who=Attacker.COLLEAGUE,
    wants="to invite themselves, and set up with the link what their own permissions do not allow",
    stopped_by="making a link needs every permission that the link gives away",
)
def test_inviting_oneself(contoso: Company, lacking: str) -> None:
    client = colleague("view_connection", "view_setuplink", *(set(NEEDED) - {lacking}))
    before = Standing.now()
    before.assert_stopped(client.post(f"{CONNECTIONS}invite/", invitation(contoso)), 403, logged="")
    if lacking != "add_connection":
        page = f"{CONNECTIONS}{contoso.connection.pk}/invite/"
        before.assert_stopped(client.post(page, invitation(contoso)), 403, logged="")
    assert not SetupLink.objects.exists()


@pytest.mark.parametrize("word", ["approve", "revoke"])
@attack(
    who=Attacker.COLLEAGUE,
    wants="to enable a connection, or to end its set-up, with permissions for links only",
    stopped_by="deciding needs the permission to change the connection",
)
def test_deciding_without_rights_to_the_connection(finished: SetupLink, word: str) -> None:
    permissions = (f"{action}_setuplink" for action in ("view", "add", "change", "delete"))
    client = colleague("view_connection", "manage_secret", *permissions)
    boss = Client()
    boss.force_login(User.objects.create_superuser("boss"), BACKEND)
    seen = boss.get(f"{LINKS}{finished.pk}/approve/").context["seen"]
    before = Standing.now()
    response = client.post(f"{LINKS}{finished.pk}/{word}/", {"seen": seen})
    before.assert_stopped(response, 403, logged="")
    finished.refresh_from_db()
    assert finished.state == SetupLink.State.FINISHED


def _exchange_client_id(connection: Connection) -> None:
    Connection.objects.update(client_id="99992222-bbbb-3333-cccc-4444dddd5555")


def _exchange_directory(connection: Connection) -> None:
    Connection.objects.update(tenant_id="bbbbcccc-0000-dddd-1111-eeee2222ffff")


def _add_credential(connection: Connection) -> None:
    Credential.objects.create(
        connection=connection, value="another-secret-1234567", last_success_at=timezone.now()
    )


def _link_by_email(connection: Connection) -> None:
    Connection.objects.update(link_by_email=True)


def _withdraw_a_proof(connection: Connection) -> None:
    assert connection.aliases.verified().exists()
    connection.aliases.all().forget_proofs()


@pytest.mark.parametrize(
    "exchange",
    [
        _exchange_client_id,
        _exchange_directory,
        _add_credential,
        _link_by_email,
        _withdraw_a_proof,
    ],
    ids=lambda f: f.__name__,
)
@attack(
    who=Attacker.ADMINISTRATOR,
    wants="an approval of settings that are exchanged while the approver reads them",
    stopped_by="the approval names what was seen, and is refused if that has changed",
)
def test_exchanging_what_is_being_approved(finished: SetupLink, exchange: Any) -> None:
    client = colleague("change_connection")
    seen = client.get(f"{LINKS}{finished.pk}/approve/").context["seen"]
    exchange(finished.connection)
    before = Standing.now()
    response = client.post(f"{LINKS}{finished.pk}/approve/", {"seen": seen})
    before.assert_stopped(response, 409, logged="")
    finished.refresh_from_db()
    assert finished.approved_at is None
