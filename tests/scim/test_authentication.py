from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from azuread_connections.models import Connection, Event
from azuread_connections.scim import tokens
from azuread_connections.scim.authentication import LIMIT
from azuread_connections.scim.models import ProvisioningRequest, ScimToken
from tests.factories import ConnectionFactory

pytestmark = pytest.mark.django_db


def refusal() -> Event:
    return Event.objects.get(kind=Event.Kind.PROVISIONING_REFUSED)


def test_a_valid_token_opens_its_connection(ask: Any, token: str) -> None:
    assert ask(f"Bearer {token}").status_code == 200
    assert ask(f"bEARER {token}", name="CONTOSO").status_code == 200
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("header", "code", "challenge"),
    [
        (None, "token_missing", 'Bearer realm="SCIM"'),
        ("", "token_missing", 'Bearer realm="SCIM"'),
        ("Basic {token}", "token_missing", 'Bearer realm="SCIM"'),
        ("{token}", "token_missing", 'Bearer realm="SCIM"'),
        ("Bearer", "token_missing", 'Bearer realm="SCIM"'),
        ("Bearer x", "token_wrong", 'Bearer realm="SCIM", error="invalid_token"'),
        ("Bearer {token}x", "token_wrong", 'Bearer realm="SCIM", error="invalid_token"'),
        ("Bearer {token},{token}", "token_wrong", 'Bearer realm="SCIM", error="invalid_token"'),
        ("Bearer {hash}", "token_wrong", 'Bearer realm="SCIM", error="invalid_token"'),
    ],
)
def test_a_request_without_a_valid_token_is_refused(
    ask: Any, token: str, header: str | None, code: str, challenge: str
) -> None:
    hashed = ScimToken.objects.get().token_hash
    response = ask(header and header.format(token=token, hash=hashed))
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == challenge
    assert (refusal().code, refusal().connection_name) == (code, "contoso")
    assert token not in response.text


def test_the_token_of_another_connection_is_refused_and_logged_there(ask: Any, token: str) -> None:
    ConnectionFactory(name="fabrikam")
    response = ask(f"Bearer {token}", name="fabrikam")
    assert response.status_code == 401
    assert (refusal().code, refusal().connection_name) == ("token_elsewhere", "contoso")


def test_an_expired_token_gets_the_answer_of_a_wrong_one(
    ask: Any, token: str, connection: Connection
) -> None:
    wrong = ask("Bearer azscim_wrong")
    ScimToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    expired = ask(f"Bearer {token}")
    assert (expired.status_code, expired.content) == (wrong.status_code, wrong.content)
    assert expired.headers["WWW-Authenticate"] == wrong.headers["WWW-Authenticate"]
    assert Event.objects.filter(code="token_expired", message__contains="expired").exists()


def test_a_token_ends_with_its_connection(ask: Any, token: str, connection: Connection) -> None:
    connection.delete()
    assert ask(f"Bearer {token}").status_code == 401


def test_wrong_tokens_are_one_event_a_minute_and_no_request_of_the_log(
    ask: Any, connection: Connection
) -> None:
    for number in range(5):
        ask(f"Bearer azscim_{number}")
    assert refusal().count == 5
    assert not ProvisioningRequest.objects.exists()


def test_too_many_wrong_tokens_are_refused_with_the_time_to_wait(
    ask: Any, connection: Connection, django_assert_num_queries: Any
) -> None:
    statuses = [ask("Bearer x").status_code for _number in range(LIMIT)]
    assert set(statuses) == {401}
    with django_assert_num_queries(1):
        response = ask("Bearer azscim_x")
    assert response.status_code == 429
    assert 1 <= int(response.headers["Retry-After"]) <= 60


def test_nobody_keeps_a_directory_out_by_wrong_tokens(ask: Any, token: str) -> None:
    for _number in range(LIMIT + 5):
        ask("Bearer x")
    assert ask("Bearer x").status_code == 429
    assert ask(f"Bearer {token}").status_code == 200


def test_a_request_costs_one_query_and_one_write_an_hour(
    ask: Any, token: str, django_assert_num_queries: Any, rf: Any
) -> None:
    from azuread_connections.scim.authentication import authenticate

    def request() -> Any:
        return rf.get("/", headers={"Authorization": f"Bearer {token}"})

    with django_assert_num_queries(2):
        authenticate(request(), "contoso")
    used = ScimToken.objects.get().last_used_at
    assert used is not None
    with django_assert_num_queries(1):
        authenticate(request(), "contoso")
    assert ScimToken.objects.get().last_used_at == used


def test_two_tokens_are_valid_at_a_time(ask: Any, token: str, connection: Connection) -> None:
    second = tokens.create(connection)[1]
    assert ask(f"Bearer {token}").status_code == 200
    assert ask(f"Bearer {second}").status_code == 200
