"""Rotate now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from azuread_connections.admin.connection import rotation
from azuread_connections.admin.connection.page import ConnectionAdmin
from azuread_connections.models import Credential, Event
from azuread_connections.testing.directory.credentials import Propagation
from azuread_connections.testing.standin import StandIn
from tests.admin.pages import change_page, text
from tests.company import Company
from tests.credentials.rotating import allow, assert_all_work, know_key_ids
from tests.factories import ConnectionFactory, CredentialFactory, FederatedFactory


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


def leave(response: Any) -> None:
    """What the server does when it cannot send the rest."""
    # Not response.close(), which closes the test's database: the test client's wrapper does not.
    response._iterator.close()


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


def test_a_replaced_credential_that_is_the_only_one_left_is_rotated_again(
    allowed: Company, boss: Client
) -> None:
    """The new one was removed by hand."""
    old = current(allowed)
    press(boss, allowed)
    current(allowed).delete()
    allowed.app.remove_secret(allowed.app.secrets[1].key_id)
    assert "Done." in press(boss, allowed, credential=old.pk)
    assert_all_work(allowed)


def test_finishing_what_another_run_has_finished_says_so(allowed: Company, boss: Client) -> None:
    """Also what a reloaded page shows."""
    response = boss.post(address(allowed), {"finish": "1"})
    assert "Nothing was left to finish." in text(response)
    assert len(allowed.app.secrets) == 1


def test_a_cleaned_up_interruption_is_not_called_a_rotation(allowed: Company, boss: Client) -> None:
    allowed.microsoft.fault("add_password", status=500)
    press(boss, allowed)
    shown = press(boss, allowed, finish="1")
    assert "Nothing of it is left in Azure." in shown
    assert "fall-back" not in shown
    assert "the same credentials as before" in shown


def test_a_page_that_is_left_in_the_middle_still_leaves_the_history(
    allowed: Company, boss: Client
) -> None:
    response: Any = boss.post(address(allowed), {"credential": current(allowed).pk})
    for part in response.streaming_content:
        if b"is used from now on" in part:
            break
    leave(response)
    assert_all_work(allowed)
    history = LogEntry.objects.latest("pk").get_change_message()
    assert history == f"Added credential “{current(allowed)}”."


def test_a_page_that_is_left_before_the_end_is_finished_later(
    allowed: Company, boss: Client
) -> None:
    response: Any = boss.post(address(allowed), {"credential": current(allowed).pk})
    for part in response.streaming_content:
        if b"is stored here" in part:
            break
    leave(response)
    assert len(allowed.app.secrets) == 2
    assert "Finish it" in text(boss.get(address(allowed)))
    assert "Done." in press(boss, allowed, finish="1")
    assert_all_work(allowed)


def test_another_site_cannot_press_the_button(allowed: Company, boss: Client) -> None:
    boss.handler.enforce_csrf_checks = True  # type: ignore[attr-defined]
    key = current(allowed).pk
    assert boss.post(address(allowed), {"credential": key}).status_code == 403
    assert boss.post(address(allowed), {"finish": "1"}).status_code == 403
    assert len(allowed.app.secrets) == 1


def test_a_connection_that_the_user_cannot_see_is_not_named_and_goes_on_working(
    allowed: Company, staff: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the same secret, so it gets the new one: the old one will be removed."""
    other = ConnectionFactory.create(name="northwind-hidden", client_id=allowed.app.client_id)
    other.pin(allowed.directory.tenant_id)
    CredentialFactory.create(connection=other, value=allowed.app.secrets[0].value)
    whole, key = ConnectionAdmin.get_queryset, allowed.connection.pk
    monkeypatch.setattr(
        ConnectionAdmin,
        "get_queryset",
        lambda self, request: whole(self, request).filter(pk=key),
    )
    client = staff("view_connection", "change_connection", "manage_secret")
    assert "northwind" not in text(client.get(address(allowed)))
    # Found by its own address, it would be rotated in spite of that.
    hidden = change_page(other).replace("/change/", "/rotate/")
    answer = client.post(hidden, {"credential": other.credentials.get().pk})
    assert answer.status_code in {302, 403, 404}
    assert len(allowed.app.secrets) == 1
    shown = press(client, allowed)
    assert "1 other connection" in shown
    assert "northwind" not in shown
    assert_all_work(allowed, allowed.connection, other)
    told = LogEntry.objects.values_list("object_id", flat=True)
    assert set(told) == {str(key)}
