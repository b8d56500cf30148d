"""Rotate now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from azuread_connections.admin.connection import rotation
from azuread_connections.models import Credential, Event
from azuread_connections.testing.directory.credentials import Propagation
from azuread_connections.testing.standin import StandIn
from tests.admin.pages import change_page, text
from tests.company import Company
from tests.credentials.rotating import allow, assert_all_work, know_key_ids
from tests.factories import ConnectionFactory, FederatedFactory


@pytest.fixture
def microsoft(entra: StandIn, settings: Any) -> StandIn:
    """Without the directory that other pages' tests need: the company brings its own."""
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "LOGIN_URL": entra.url,
        "GRAPH_URL": entra.graph_url,
    }
    return entra


@pytest.fixture
def allowed(contoso: Company) -> Company:
    allow(contoso)
    know_key_ids(contoso)
    return contoso


def address(company: Company) -> str:
    return change_page(company.connection).replace("/change/", "/rotate/")


def current(company: Company) -> Credential:
    return company.connection.credentials.get(replaced_at=None)


def press(client: Client, company: Company, **data: Any) -> str:
    """Press the button; return the whole page, with its steps."""
    response = client.post(address(company), data or {"credential": current(company).pk})
    assert response.status_code == 200
    content: bytes = response.getvalue()
    return content.decode()


def test_the_button_leads_to_a_question_and_the_answer_shows_each_step(
    allowed: Company, boss: Client
) -> None:
    assert "/rotate/" in boss.get(change_page(allowed.connection)).content.decode()
    asked = text(boss.get(address(allowed)))
    assert f"Replaces the client secret {current(allowed)}" in asked
    assert len(allowed.app.secrets) == 1
    shown = press(boss, allowed)
    assert shown.count('data-outcome="passed"') == 2
    assert "Done. The old credential is kept" in shown
    assert allowed.app.secrets[1].value not in shown
    assert_all_work(allowed)
    page = text(boss.get(change_page(allowed.connection)))
    assert "replaced, kept as a fall-back" in page
    history = LogEntry.objects.latest("pk").get_change_message()
    assert history == f"Added credential “{current(allowed)}”."


def test_a_second_press_rotates_nothing(allowed: Company, boss: Client) -> None:
    first = current(allowed).pk
    press(boss, allowed, credential=first)
    response = boss.post(address(allowed), {"credential": first})
    assert "has been rotated already" in text(response)
    assert len(allowed.app.secrets) == 2


def test_what_fails_is_shown_with_what_to_do(contoso: Company, boss: Client) -> None:
    know_key_ids(contoso)
    shown = press(boss, contoso)
    assert 'data-outcome="failed"' in shown
    assert "Application.ReadWrite.OwnedBy" in shown
    assert "Sign-ins go on with the old one." in shown


def test_a_slow_microsoft_leaves_it_to_a_later_press(
    allowed: Company, boss: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "PATIENCE", timedelta(0))
    allowed.app.propagation = Propagation(requests=1)
    assert "again in a minute" in press(boss, allowed)
    assert "Finish it" in text(boss.get(address(allowed)))
    assert "Done." in press(boss, allowed, finish="1")
    assert_all_work(allowed)


@pytest.mark.parametrize(
    "permissions", [["change_connection"], ["manage_secret", "view_connection"], []]
)
def test_rotating_needs_both_permissions(
    allowed: Company, staff: Callable[..., Client], permissions: list[str]
) -> None:
    client = staff("view_connection", *permissions)
    for answer in (
        client.get(address(allowed)),
        client.post(address(allowed), {"credential": current(allowed).pk}),
    ):
        assert answer.status_code == 403
    assert len(allowed.app.secrets) == 1


@pytest.mark.parametrize("key", ["", "0", "x", "99999999999999999999"])
def test_a_credential_of_nobody_is_not_found(allowed: Company, boss: Client, key: str) -> None:
    assert boss.post(address(allowed), {"credential": key}).status_code == 404


def test_a_credential_of_another_connection_is_not_found(
    allowed: Company, fabrikam: Company, boss: Client
) -> None:
    key = current(fabrikam).pk
    assert boss.post(address(allowed), {"credential": key}).status_code == 404
    assert not Event.objects.exists()


def test_a_federated_credential_is_nothing_to_rotate(allowed: Company, boss: Client) -> None:
    allowed.connection.credentials.all().delete()
    stored = FederatedFactory.create(connection=allowed.connection, token_file="/x")
    assert "nothing to rotate" in text(boss.get(address(allowed)))
    assert boss.post(address(allowed), {"credential": stored.pk}).status_code == 404


def test_connections_that_share_the_registration_are_named(allowed: Company, boss: Client) -> None:
    ConnectionFactory.create(name="shared", client_id=allowed.app.client_id)
    assert "share the registration" in text(boss.get(address(allowed)))
