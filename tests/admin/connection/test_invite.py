"""Inviting a customer: what the POST makes, and where the address is and is not."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from azuread_connections.models import Application, Connection, Event, SetupLink
from azuread_connections.setup import tokens
from tests.admin.pages import LIST, change_page, text
from tests.factories import SetupLinkFactory, SetupSessionFactory

pytestmark = pytest.mark.django_db
NEW = f"{LIST}invite/"
ALL = ("add_setuplink", "add_connection", "change_connection", "manage_secret")


def invite_page(connection: Connection) -> str:
    return reverse("admin:azuread_connections_connection_invite", args=[connection.pk])


@pytest.fixture
def answers(application: Application) -> dict[str, Any]:
    return {
        "reference": tokens.new_reference(),
        "customer": "Northwind Traders",
        "applications": [application.pk],
        "days": "5",
        "openings": "10",
        "contact_email": "admin@northwind.example",
    }


def address_in(response: Any) -> str:
    url: str = response.context["url"]
    assert "/login/setup/" in url
    return url


def errors_of(response: Any) -> dict[str, Any]:
    assert response.status_code == 200
    errors: dict[str, Any] = response.context["form"].errors
    page = text(response)
    assert all(message in page for messages in errors.values() for message in messages)
    return errors


def test_a_new_customer_gets_a_connection_and_a_link(
    boss: Client, application: Application, answers: dict[str, Any]
) -> None:
    assert NEW in boss.get(LIST).content.decode()
    response = boss.post(NEW, answers | {"auto_enable": "on", "domains_required": "on"})
    assert response.status_code == 200
    link = SetupLink.objects.get()
    assert link.connection is not None
    assert link.connection.name == "northwind-traders"
    assert link.connection.display_name == "Northwind Traders"
    assert link.connection.contact_email == "admin@northwind.example"
    assert not link.connection.applications.exists()
    assert list(link.applications.all()) == [application]
    assert (link.auto_enable, link.domains, link.max_openings) == (True, "required", 10)
    assert link.created_by_name == "boss"
    assert (link.expires_at - timezone.now()).days == 4
    token = address_in(response).rpartition("/")[2]
    assert link.token_hash == tokens.hash_of(token)
    assert Client().get(address_in(response)).status_code == 200


def test_the_address_is_shown_once_and_kept_nowhere(
    boss: Client, answers: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        response = boss.post(NEW, answers)
    html = response.content.decode()
    token = address_in(response).rpartition("/")[2]
    assert html.count(token) == 3  # the address, the email's text, the link that opens the email
    assert "no-store" in response["Cache-Control"]
    link = SetupLink.objects.get()
    later = [
        boss.get(page).content.decode()
        for page in (
            *("/admin/", NEW, LIST, "/admin/azuread_connections/setuplink/"),
            f"/admin/azuread_connections/setuplink/{link.pk}/change/",
            change_page(link.connection),
            invite_page(link.connection),
            f"/admin/azuread_connections/connection/{link.connection.pk}/history/",
        )
    ]
    stored = [
        *(str(row) for row in SetupLink.objects.values()),
        *(str(row) for row in Event.objects.values()),
        *(str(row) for row in LogEntry.objects.values()),
        *(str(session.get_decoded()) for session in Session.objects.all()),
        str(response.cookies),
        caplog.text,
    ]
    assert LogEntry.objects.filter(change_message__contains=link.reference).exists()
    assert Event.objects.filter(kind=Event.Kind.SETUP_LINK).exists()
    assert not [each for each in [*later, *stored] if token in each]


def test_a_get_makes_nothing(boss: Client, answers: dict[str, Any], connection: Connection) -> None:
    boss.get(NEW, answers)
    boss.get(invite_page(connection), answers | {"purpose": "setup"})
    assert not SetupLink.objects.exists()


def test_a_post_without_the_csrf_token_makes_nothing(
    answers: dict[str, Any], admin_user: Any, connection: Connection
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user, "django.contrib.auth.backends.ModelBackend")
    for page in (NEW, invite_page(connection)):
        assert client.post(page, answers | {"purpose": "setup"}).status_code == 403
    assert not SetupLink.objects.exists()


def test_a_form_that_is_sent_twice_makes_one_link(boss: Client, answers: dict[str, Any]) -> None:
    first = boss.post(NEW, answers)
    token = address_in(first).rpartition("/")[2]
    second = boss.post(NEW, answers)
    assert second.status_code == 409
    assert "The form was sent twice. Only one link was created" in text(second)
    assert token not in second.content.decode()
    link = SetupLink.objects.get()
    assert Connection.objects.count() == 1
    assert link.revoked_at is None
    assert invite_page(link.connection) in second.content.decode()


def test_another_users_reference_is_not_taken_over(boss: Client, answers: dict[str, Any]) -> None:
    other = SetupLinkFactory.create(reference=answers["reference"], connection_name="fabrikam")
    page = boss.post(NEW, answers)
    assert "fabrikam" not in page.content.decode().lower()
    assert SetupLink.objects.exclude(pk=other.pk).get().reference != other.reference


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("customer", "", "This field is required."),
        ("customer", "x" * 129, "at most 128 characters"),
        ("customer", "Contoso\x1b[2J", "invisible character"),
        ("applications", [], "Choose at least one application."),
        ("applications", ["999999"], "not one of the available choices"),
        ("applications", ["x'; --"], "not a valid value"),
        ("days", "0", "greater than or equal to 1"),
        ("days", "31", "less than or equal to 30"),
        ("days", "soon", "Enter a whole number."),
        ("openings", "0", "greater than or equal to 1"),
        ("openings", "101", "less than or equal to 100"),
        ("contact_email", "admin", "Enter a valid email address."),
    ],
)
def test_what_is_wrong_is_named_at_its_field_and_nothing_typed_is_lost(
    boss: Client, answers: dict[str, Any], field: str, value: Any, message: str
) -> None:
    response = boss.post(NEW, answers | {field: value})
    errors = errors_of(response)
    assert list(errors) == [field]
    assert message in errors[field][0]
    assert not SetupLink.objects.exists()
    assert not Connection.objects.exists()
    if field != "customer":
        assert 'value="Northwind Traders"' in response.content.decode()


def test_an_application_without_sign_ins_is_refused_at_its_field(
    boss: Client, answers: dict[str, Any]
) -> None:
    machine = Application.objects.create(
        name="Nightly job", slug="job", application_type="machine_to_machine"
    )
    errors = errors_of(boss.post(NEW, answers | {"applications": [machine.pk]}))
    assert list(errors) == ["applications"]
    assert not Connection.objects.exists()


def test_the_only_application_is_ticked(boss: Client, application: Application) -> None:
    assert f'value="{application.pk}" id="id_applications_0" checked' in (
        boss.get(NEW).content.decode()
    )
    Application.objects.create(name="Portal", slug="portal")
    assert "checked" not in boss.get(NEW).content.decode().partition("id_applications_0")[2][:20]


# A connection that exists


def test_a_renewal_enables_nothing(
    boss: Client, connection: Connection, answers: dict[str, Any]
) -> None:
    form = boss.get(invite_page(connection)).context["form"]
    assert form["purpose"].value() == "renew"
    response = boss.post(invite_page(connection), answers | {"purpose": "renew"})
    assert "Renew the credential" in response.context["mail"].subject
    link = SetupLink.objects.get()
    assert (link.purpose, link.connection) == ("renew", connection)
    assert not link.applications.exists()


def test_an_unfinished_connection_has_nothing_to_renew(
    boss: Client, answers: dict[str, Any]
) -> None:
    unfinished = Connection.objects.create(name="northwind")
    errors = errors_of(boss.post(invite_page(unfinished), answers | {"purpose": "renew"}))
    assert list(errors) == ["purpose"]


def test_an_earlier_link_is_revoked_unless_unticked(
    boss: Client, connection: Connection, answers: dict[str, Any]
) -> None:
    earlier = SetupLinkFactory.create(connection=connection)
    session = SetupSessionFactory.create(link=earlier)
    page = boss.get(invite_page(connection))
    assert f"An earlier link is still open: {earlier.reference}" in text(page)
    boss.post(invite_page(connection), answers | {"purpose": "setup"})
    earlier.refresh_from_db()
    assert earlier.revoked_at is None
    again = answers | {"reference": tokens.new_reference(), "revoke_earlier": "on"}
    newest = SetupLink.objects.first()
    boss.post(invite_page(connection), again | {"purpose": "setup"})
    newest.refresh_from_db()
    assert newest.revoked_at is not None
    assert not type(session).objects.filter(link=newest).exists()


def test_the_contact_is_kept_and_only_if_it_was_edited(
    boss: Client, connection: Connection, answers: dict[str, Any]
) -> None:
    Connection.objects.update(contact_email="it@contoso.com")
    assert 'value="it@contoso.com"' in boss.get(invite_page(connection)).content.decode()
    boss.post(
        invite_page(connection),
        answers | {"purpose": "setup", "contact_email": "desk@contoso.com"},
    )
    connection.refresh_from_db()
    assert connection.contact_email == "desk@contoso.com"


def test_the_box_shows_the_open_link(boss: Client, connection: Connection) -> None:
    assert "No link is open." in text(boss.get(change_page(connection)))
    link = SetupLinkFactory.create(connection=connection, openings_used=1, step="domains")
    page = boss.get(change_page(connection))
    assert "under way: step 4 of 7, “Domains”" in text(page)
    assert "The customer is at step 4 of 7, “Domains”." in text(page)
    html = page.content.decode()
    assert f"/admin/azuread_connections/setuplink/{link.pk}/change/" in html
    assert f"/admin/azuread_connections/setuplink/?connection={connection.pk}" in html
    SetupLink.objects.update(finished_at=timezone.now())
    assert "set-up waits for approval" in text(boss.get(LIST))


# Who may invite


@pytest.mark.parametrize("missing", ALL)
def test_inviting_a_new_customer_needs_every_permission(
    staff: Callable[..., Client], answers: dict[str, Any], missing: str
) -> None:
    client = staff("view_connection", *(name for name in ALL if name != missing))
    assert client.get(NEW).status_code == 403
    assert client.post(NEW, answers).status_code == 403
    assert not Connection.objects.exists()
    assert NEW not in client.get(LIST).content.decode()


@pytest.mark.parametrize("missing", [name for name in ALL if name != "add_connection"])
def test_inviting_for_a_connection_needs_every_permission(
    staff: Callable[..., Client], answers: dict[str, Any], connection: Connection, missing: str
) -> None:
    client = staff("view_connection", *(n for n in ALL if n not in (missing, "add_connection")))
    data = answers | {"purpose": "renew"}
    assert client.get(invite_page(connection)).status_code == 403
    assert client.post(invite_page(connection), data).status_code == 403
    assert not SetupLink.objects.exists()
    assert invite_page(connection) not in client.get(change_page(connection)).content.decode()


def test_those_permissions_are_enough(
    staff: Callable[..., Client], answers: dict[str, Any], connection: Connection
) -> None:
    client = staff(*ALL)
    assert invite_page(connection) in client.get(change_page(connection)).content.decode()
    assert client.post(invite_page(connection), answers | {"purpose": "renew"}).status_code == 200
    again = answers | {"reference": tokens.new_reference()}
    assert client.post(NEW, again).status_code == 200
    assert SetupLink.objects.count() == 2
