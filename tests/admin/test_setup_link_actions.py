"""Approving and revoking a set-up link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from azuread_connections.models import (
    Application,
    Connection,
    Credential,
    DomainAlias,
    EnabledConnection,
    Event,
    SetupLink,
    SetupSession,
)
from tests.admin.pages import messages_on, text
from tests.factories import CredentialFactory, SetupLinkFactory, SetupSessionFactory

pytestmark = pytest.mark.django_db
LINKS = "/admin/azuread_connections/setuplink/"


@pytest.fixture
def portal(db: None) -> Application:
    return Application.objects.create(name="Portal", slug="portal")


@pytest.fixture
def link(connection: Connection, portal: Application) -> SetupLink:
    """A finished link of a connection that is enabled for nothing yet."""
    connection.applications.clear()
    CredentialFactory.create(connection=connection, last_success_at=timezone.now())
    return SetupLinkFactory.create(
        connection=connection,
        applications=[portal],
        openings_used=1,
        finished_at=timezone.now(),
        step="done",
    )


def approve_page(link: SetupLink) -> str:
    return f"{LINKS}{link.pk}/approve/"


def revoke_page(link: SetupLink) -> str:
    return f"{LINKS}{link.pk}/revoke/"


def seen(client: Client, link: SetupLink) -> dict[str, str]:
    """The POST of the approval's form, as it is shown now."""
    return {"seen": client.get(approve_page(link)).context["seen"]}


def test_the_confirmation_says_what_becomes_possible(boss: Client, link: SetupLink) -> None:
    page = text(boss.get(approve_page(link)))
    assert link.connection is not None
    for words in (
        "What becomes possible for Portal",
        f"People of the directory {link.connection.tenant_id} (contoso.com) can sign in.",
        "Each person's first sign-in creates a user on this site.",
        link.connection.client_id,
    ):
        assert words in page
    assert not EnabledConnection.objects.exists()


def test_the_confirmation_follows_the_connections_options(boss: Client, link: SetupLink) -> None:
    Connection.objects.update(
        use_common_endpoint=True, create_users=False, link_by_email=True, allow_guests=False
    )
    page = text(boss.get(approve_page(link)))
    assert "People of any organisation's directory can sign in" in page
    assert "No users are created" in page
    assert "Existing users whose address is in a verified domain are linked" in page
    assert "Guests" not in page


def test_approving_enables_the_connection(
    boss: Client, link: SetupLink, portal: Application
) -> None:
    response = boss.post(approve_page(link), seen(boss, link), follow=True)
    assert messages_on(response) == [
        ("success", "contoso is enabled for Portal. People can sign in now.")
    ]
    link.refresh_from_db()
    assert link.state == SetupLink.State.APPROVED
    assert link.approved_by_name == "boss"
    assert EnabledConnection.objects.get().application == portal
    entry = LogEntry.objects.get()
    assert entry.object_repr == str(link)
    event = Event.objects.get(kind=Event.Kind.SETUP_LINK)
    assert (event.person, event.reference) == ("boss", link.reference)


def test_approving_twice_enables_once(boss: Client, link: SetupLink) -> None:
    data = seen(boss, link)
    for _time in range(2):
        assert boss.post(approve_page(link), data).status_code == 302
    assert EnabledConnection.objects.count() == 1
    assert LogEntry.objects.filter(change_message="Approved.").count() == 1


def _new_domain(connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(domain="fabrikam.com")


def _new_client_id(connection: Connection) -> None:
    other = "99992222-bbbb-3333-cccc-4444dddd5555"
    Connection.objects.filter(pk=connection.pk).update(client_id=other)


def _new_directory(connection: Connection) -> None:
    other = "bbbbcccc-0000-dddd-1111-eeee2222ffff"
    Connection.objects.filter(pk=connection.pk).update(tenant_id=other)


def _new_credential(connection: Connection) -> None:
    Credential.objects.create(connection=connection, value="another-secret-1234567")


def _new_alias(connection: Connection) -> None:
    DomainAlias.objects.create(connection=connection, domain="fabrikam.com")


def _new_application(connection: Connection) -> None:
    link = SetupLink.objects.get()
    link.applications.add(Application.objects.create(name="Payroll", slug="payroll"))


CHANGES = [
    _new_domain,
    _new_client_id,
    _new_directory,
    _new_credential,
    _new_alias,
    _new_application,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__[1:])
def test_what_has_changed_since_it_was_seen_is_not_approved(
    boss: Client, link: SetupLink, connection: Connection, change: Callable[[Connection], None]
) -> None:
    data = seen(boss, link)
    change(connection)
    response = boss.post(approve_page(link), data)
    assert response.status_code == 409
    assert "Not approved." in text(response)
    assert "The settings have changed since you opened this page." in text(response)
    assert not EnabledConnection.objects.exists()
    assert not LogEntry.objects.exists()
    # The page shows the settings as they are now, and approves those.
    assert boss.post(approve_page(link), {"seen": response.context["seen"]}).status_code == 302


@pytest.mark.parametrize("data", [{}, {"seen": ""}, {"seen": "x" * 5000}, {"seen": "\x00"}])
def test_a_post_that_saw_nothing_approves_nothing(
    boss: Client, link: SetupLink, data: dict[str, str]
) -> None:
    assert boss.post(approve_page(link), data).status_code == 409
    assert not EnabledConnection.objects.exists()


@pytest.mark.parametrize("column", ["finished_at", "revoked_at"])
def test_only_a_finished_link_that_is_not_revoked_is_approved(
    boss: Client, link: SetupLink, column: str
) -> None:
    data = seen(boss, link)
    SetupLink.objects.update(**{column: None if column == "finished_at" else timezone.now()})
    page = boss.get(approve_page(link))
    assert "There is nothing to approve." in text(page)
    assert "Yes, approve" not in page.content.decode()
    assert boss.post(approve_page(link), data).status_code == 409
    assert not EnabledConnection.objects.exists()


def test_what_is_missing_again_is_said(boss: Client, link: SetupLink) -> None:
    Credential.objects.all().delete()
    page = boss.get(approve_page(link))
    assert "It cannot be approved, because something is missing again:" in text(page)
    assert boss.post(approve_page(link), {"seen": page.context["seen"]}).status_code == 409
    assert not EnabledConnection.objects.exists()


def test_revoking_ends_the_sessions(boss: Client, link: SetupLink) -> None:
    SetupSessionFactory.create(link=link)
    assert "1 session is open now." in text(boss.get(revoke_page(link)))
    assert SetupLink.objects.get().revoked_at is None
    response = boss.post(revoke_page(link), follow=True)
    assert messages_on(response)[0][0] == "success"
    link.refresh_from_db()
    assert link.state == SetupLink.State.REVOKED
    assert not link.is_usable
    assert not [each for each in SetupSession.objects.all() if each.link.is_usable]
    assert "there is nothing to revoke" in text(boss.get(revoke_page(link)))


def test_revoking_twice_says_so(boss: Client, link: SetupLink) -> None:
    boss.post(revoke_page(link))
    again = boss.post(revoke_page(link), follow=True)
    assert ("info", "The link was revoked already.") in messages_on(again)
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize("permission", ["view_setuplink", "change_setuplink", "add_setuplink"])
def test_permissions_for_links_alone_decide_nothing(
    link: SetupLink, staff: Callable[..., Client], permission: str
) -> None:
    client = staff(permission, "view_connection", "view_setuplink", "delete_setuplink")
    for page in (approve_page(link), revoke_page(link)):
        assert client.get(page).status_code == 403
        assert client.post(page, {"seen": "x"}).status_code == 403
    assert not EnabledConnection.objects.exists()
    link.refresh_from_db()
    assert link.revoked_at is None


def test_who_may_change_the_connection_decides(
    link: SetupLink, staff: Callable[..., Client]
) -> None:
    client = staff("change_connection")
    assert client.post(approve_page(link), seen(client, link)).status_code == 302
    assert client.post(revoke_page(link)).status_code == 302


def test_posts_without_the_csrf_token_do_nothing(link: SetupLink, admin_user: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user, "django.contrib.auth.backends.ModelBackend")
    data = seen(client, link)
    for page in (approve_page(link), revoke_page(link)):
        assert client.post(page, data).status_code == 403
    link.refresh_from_db()
    assert link.state == SetupLink.State.FINISHED


def test_gets_do_nothing(boss: Client, link: SetupLink) -> None:
    for page in (approve_page(link), revoke_page(link)):
        assert boss.get(page, seen(boss, link)).status_code == 200
    link.refresh_from_db()
    assert link.state == SetupLink.State.FINISHED
