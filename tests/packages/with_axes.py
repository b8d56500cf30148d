"""Run by ``test_packages`` with django-axes, which locks an address out after three failures."""

from __future__ import annotations

from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.test import Client

from azuread_connections.models import Connection, Event
from tests.company import Company, error_code, query_of

pytestmark = pytest.mark.django_db

FAULTS: dict[str, dict[str, Any]] = {
    "an outage": {"status": 503},
    "an expired secret": {"aadsts": 7000222},
    "a spent code": {"aadsts": 54005},
    "a missing consent": {"aadsts": 65001},
    "another error": {"aadsts": 90033},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_not_the_persons_fault_locks_nobody_out(
    contoso: Company, client: Client, fault: str
) -> None:
    contoso.microsoft.fault("token", times=None, **FAULTS[fault])
    for _ in range(5):
        assert contoso.sign_in(client).status_code >= 400
    assert not AccessAttempt.objects.exists()
    contoso.microsoft.clear_faults()
    assert contoso.sign_in(client).status_code == 302


def test_stale_and_forged_callbacks_lock_nobody_out(contoso: Company, client: Client) -> None:
    contoso.edited_before(60)
    for _ in range(5):
        url = contoso.microsoft.sign_in(contoso.start(client), contoso.person)
        Connection.objects.update(identity_api="v1.0")  # edited meanwhile
        assert error_code(client.get(url)) == "transaction_expired"
        Connection.objects.update(identity_api="v2.0")
        assert error_code(client.get(url)) == "transaction_missing"
    assert not AccessAttempt.objects.exists()
    assert contoso.sign_in(client).status_code == 302


def refuse_new_people(contoso: Company, client: Client) -> Any:
    Connection.objects.update(create_users=False)
    return contoso.sign_in(client)


def decline(contoso: Company, client: Client) -> Any:
    state = query_of(contoso.start(client))["state"]
    return client.get("/login/callback", {"state": state, "error": "access_denied"})


@pytest.mark.parametrize("refused", [refuse_new_people, decline])
def test_people_who_are_refused_are_counted_and_locked_out(
    contoso: Company, client: Client, refused: Any
) -> None:
    for _ in range(3):
        response = refused(contoso, client)
    [attempt] = AccessAttempt.objects.all()
    assert attempt.failures_since_start == 3
    assert "code=" not in attempt.get_data.replace("error_code=", "")
    # From the third on, axes' own middleware answers.
    assert response.status_code == 429
    Connection.objects.update(create_users=True)
    assert contoso.sign_in(client).status_code == 429
    assert not User.objects.exists()


@pytest.mark.parametrize("parameters", [["ip_address"], ["username"], [["username", "ip_address"]]])
def test_a_stranger_locks_out_nobody_at_another_address(
    contoso: Company, settings: Any, parameters: Any
) -> None:
    """As docs/operating.md says to set it up."""
    settings.AXES_LOCKOUT_PARAMETERS = parameters
    for _ in range(4):
        decline(contoso, Client(REMOTE_ADDR="203.0.113.9"))
    assert contoso.sign_in(Client(REMOTE_ADDR="198.51.100.7")).status_code == 302


def test_a_refusal_by_another_backend_is_reported_once(contoso: Company, client: Client) -> None:
    """Django itself reports that a backend has refused."""
    for _ in range(3):
        decline(contoso, client)
    heard: list[Any] = []

    def listen(**kwargs: Any) -> None:
        heard.append(kwargs)

    user_login_failed.connect(listen)
    assert contoso.sign_in(client).status_code == 429
    user_login_failed.disconnect(listen)
    assert len(heard) == 1
    event = Event.objects.filter(code="user_refused").latest("pk")
    assert event.message == "Another authentication backend refused."
