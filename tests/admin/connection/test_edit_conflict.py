"""Two administrators edit one connection: the second sees what the first one changed."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from azuread_connections.admin.connection import edit_conflict, forms
from azuread_connections.models import Application, Connection, GroupMapping
from azuread_connections.testing import StandIn
from tests.admin.pages import change_page, filled_in
from tests.factories import ApplicationFactory, CredentialFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(db: None) -> Client:
    client = Client()
    client.force_login(
        get_user_model().objects.create_superuser("second"),
        "django.contrib.auth.backends.ModelBackend",
    )
    return client


def opened(client: Client, connection: Connection) -> dict[str, Any]:
    """Open the page as a person does; return the POST of it unchanged."""
    return filled_in(connection) | {"shown_state": state_on(client.get(change_page(connection)))}


def state_on(page: Any) -> str:
    (value,) = re.findall(r'name="shown_state" value="([^"]*)"', page.content.decode())
    return unescape(value)


def save(client: Client, connection: Connection, data: dict[str, Any]) -> Any:
    return client.post(change_page(connection), data)


def test_the_second_administrator_sees_who_changed_what_and_nothing_is_saved(
    boss: Client, second: Client, connection: Connection, microsoft: StandIn
) -> None:
    first_page, second_page = opened(boss, connection), opened(second, connection)
    assert save(boss, connection, first_page | {"display_name": "Contoso Ltd"}).status_code == 302
    answer = save(second, connection, second_page | {"contact_email": "it@contoso.com"})
    text = unescape(answer.content.decode())
    assert answer.status_code == 200
    assert "boss has changed this connection since you opened it: Display name." in text
    connection.refresh_from_db()
    assert (connection.display_name, connection.contact_email) == ("Contoso Ltd", "")


def test_who_saves_again_has_decided(
    boss: Client,
    second: Client,
    connection: Connection,
    application: Application,
    microsoft: StandIn,
) -> None:
    portal = ApplicationFactory()
    connection.applications.add(portal)
    first_page, second_page = opened(boss, connection), opened(second, connection)
    save(boss, connection, first_page | {"display_name": "Contoso Ltd"})
    told = save(second, connection, second_page | {"display_name": "Contoso Inc"})
    form = told.context["adminform"].form
    assert form["enabled_applications"].value() == [str(a.pk) for a in (application, portal)]
    again = second_page | {"display_name": "Contoso Inc", "shown_state": state_on(told)}
    assert save(second, connection, again).status_code == 302
    connection.refresh_from_db()
    assert connection.display_name == "Contoso Inc"


def test_one_person_saving_twice_hears_nothing(
    boss: Client, connection: Connection, microsoft: StandIn
) -> None:
    for name in ("Contoso Ltd", "Contoso Inc"):
        page = opened(boss, connection) | {"display_name": name}
        assert save(boss, connection, page).status_code == 302


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda c: c.applications.add(ApplicationFactory()), "Enabled for"),
        (lambda c: c.applications.clear(), "Enabled for"),
        (lambda c: c.aliases.create(domain="contoso.net"), "Domain aliases"),
        (lambda c: CredentialFactory(connection=c), "stored credentials"),
        (
            lambda c: GroupMapping.objects.create(
                connection=c, directory_group_id="11111111-2222-3333-4444-555555555555"
            ),
            "group mappings",
        ),
    ],
)
def test_what_hangs_on_the_connection_counts_too(
    boss: Client, connection: Connection, microsoft: StandIn, change: Any, what: str
) -> None:
    connection.security_groups = True  # or the page would only say that mappings need it
    connection.save()
    page = opened(boss, connection)
    change(connection)
    text = unescape(save(boss, connection, page).content.decode())
    assert f"This connection was changed since you opened it: {what}." in text


def test_a_sign_in_meanwhile_does_not_count_as_a_change(
    boss: Client, connection: Connection, microsoft: StandIn
) -> None:
    secret = CredentialFactory(connection=connection)
    page = opened(boss, connection)
    secret.record_success()
    assert save(boss, connection, page).status_code == 302


class ReadsFromAReplica:
    """A router of a site whose replica is missing: reading from it fails."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return "replica" if model._meta.app_label in {"azuread_connections", "admin"} else None

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"


def test_a_replica_that_lags_behind_is_not_asked_what_is_stored(
    boss: Client,
    second: Client,
    connection: Connection,
    microsoft: StandIn,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first_page, second_page = opened(boss, connection), opened(second, connection)
    save(boss, connection, first_page | {"display_name": "Contoso Ltd"})

    def compared_with_a_replica_about(form: Any) -> Any:
        settings.DATABASE_ROUTERS = [ReadsFromAReplica()]
        try:
            return edit_conflict.conflict(form)
        finally:
            settings.DATABASE_ROUTERS = []

    monkeypatch.setattr(forms, "conflict", compared_with_a_replica_about)
    answer = save(second, connection, second_page | {"contact_email": "it@contoso.com"})
    text = unescape(answer.content.decode())
    assert "boss has changed this connection since you opened it: Display name." in text


@pytest.mark.parametrize(
    "state", ["", "{", "[]", "null", "1", '{"no_such_field": "x"}', "[" * 200_000]
)
def test_a_state_that_says_nothing_holds_nobody_up(
    boss: Client, connection: Connection, microsoft: StandIn, state: str
) -> None:
    page = filled_in(connection) | {"shown_state": state, "display_name": "Contoso Ltd"}
    assert save(boss, connection, page).status_code == 302
