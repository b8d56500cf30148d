"""Several client secrets: sign-ins switch to the next one automatically."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from azuread_connections.login.flows.exchange import CodeExchange
from azuread_connections.login.users.resolution import ResolvedUser
from azuread_connections.models import Credential, Event
from azuread_connections.models.credential import in_order_of_use
from tests.company import Company, error_code
from tests.factories import CredentialFactory, IdentityFactory

pytestmark = pytest.mark.django_db


def secrets_sent(company: Company) -> list[str]:
    return [
        request.form["client_secret"]
        for request in company.microsoft.requests
        if request.endpoint == "token"
    ]


def test_the_newest_secret_is_sent(contoso: Company, client: Client) -> None:
    newer = contoso.app.add_secret("newer-secret")
    CredentialFactory.create(connection=contoso.connection, value=newer.value)
    contoso.sign_in(client)
    assert secrets_sent(contoso) == ["newer-secret"]


def test_a_refused_secret_is_followed_by_the_next_with_the_same_code(
    contoso: Company, client: Client
) -> None:
    wrong = CredentialFactory.create(connection=contoso.connection, value="wrong-secret")

    assert contoso.sign_in(client).status_code == 302

    assert secrets_sent(contoso) == ["wrong-secret", contoso.app.secrets[0].value]
    event = Event.objects.get(kind="secret_refused")
    assert (event.aadsts_code, event.connection) == (7000215, contoso.connection)
    assert "wro…" in event.message
    assert "wrong-secret" not in event.message
    wrong.refresh_from_db()
    assert wrong.is_refused()


def expire_at_microsoft(company: Company, number: int) -> None:
    company.app.secrets[number].expires_at = timezone.now().timestamp() - 1


def test_a_secret_that_expires_between_two_sign_ins_stops_nobody(contoso: Company) -> None:
    older = contoso.app.add_secret("older-secret")
    CredentialFactory.create(connection=contoso.connection, value=older.value)
    Credential.objects.filter(hint="old").update(created_at=timezone.now() - timedelta(days=1))
    assert contoso.sign_in(Client()).status_code == 302
    expire_at_microsoft(contoso, 0)
    for _ in range(5):
        assert contoso.sign_in(Client()).status_code == 302
    event = Event.objects.get(kind="secret_refused")
    assert (event.aadsts_code, event.count) == (7000222, 1)
    assert not Event.objects.filter(kind="sign_in_failed").exists()


def test_without_a_second_secret_employee_and_administrator_see_the_error(contoso: Company) -> None:
    assert contoso.sign_in(Client()).status_code == 302
    expire_at_microsoft(contoso, 0)
    answer = contoso.sign_in(Client())
    assert (answer.status_code, error_code(answer)) == (502, "secret_rejected")
    page = answer.content.decode()
    assert "This is not your fault" in page
    assert "Tell this site&#x27;s support" in page
    failed = Event.objects.get(kind="sign_in_failed")
    assert f"client secret {Credential.objects.get()}" in failed.message
    assert "last accepted on" in failed.message
    assert "make a new one in Azure" in failed.message


def test_a_failed_sign_in_says_which_secret_since_when_and_what_to_do(
    contoso: Company, client: Client
) -> None:
    now = timezone.now()
    Credential.objects.update(
        hint="Cts", expires_at=now - timedelta(days=9), last_success_at=now - timedelta(days=10)
    )
    contoso.microsoft.fault("token", aadsts=7000222)
    assert error_code(contoso.sign_in(client)) == "secret_rejected"
    failed = Event.objects.get(kind="sign_in_failed")
    expired, accepted = (f"{now - timedelta(days=days):%Y-%m-%d}" for days in (9, 10))
    assert failed.message.startswith(
        f"Microsoft refuses the connection's client secret Cts…, expired on {expired} "
        f"(9 days ago), last accepted on {accepted}. No other can be used: make a new one in Azure"
    )
    # The person's reference finds both.
    assert failed.reference == Event.objects.get(kind="secret_refused").reference


def test_a_failed_sign_in_names_every_secret(contoso: Company, client: Client) -> None:
    Credential.objects.update(hint="Cts")
    CredentialFactory.create(
        connection=contoso.connection, value="Abc-wrong", expires_at=timezone.now() + timedelta(9)
    )
    contoso.app.secrets.clear()
    for _number in range(2):
        contoso.sign_in(Client())
    messages = Event.objects.filter(kind="sign_in_failed").values_list("message", flat=True)
    for message in messages:
        assert "Abc…, expires on" in message
        assert "Cts…, without a recorded expiry date, never accepted so far" in message
        assert "Abc-wrong" not in message
    # Refusals are counted in one row a minute: its reference is that of the first sign-in.
    references = set(Event.objects.values_list("reference", flat=True))
    assert len(references) == 2


def test_a_refused_secret_is_tried_last_for_ten_minutes(contoso: Company, client: Client) -> None:
    CredentialFactory.create(connection=contoso.connection, value="wrong-secret")
    contoso.sign_in(client)
    contoso.sign_in(Client())
    assert secrets_sent(contoso).count("wrong-secret") == 1
    Credential.objects.filter(hint="wro").update(refused_at=timezone.now() - timedelta(minutes=11))
    contoso.sign_in(Client())
    assert secrets_sent(contoso).count("wrong-secret") == 2


def test_a_code_that_the_refusal_spent_sends_the_browser_through_once_more(
    contoso: Company, client: Client
) -> None:
    CredentialFactory.create(connection=contoso.connection, value="wrong-secret")
    contoso.microsoft.fault("token", aadsts=7000222)
    contoso.microsoft.fault("token", aadsts=54005)

    response = contoso.sign_in(client, next="/reports/")

    assert response["Location"].startswith(contoso.microsoft.url)
    response = contoso.come_back(client, response["Location"])
    assert response["Location"] == "/reports/"


def test_the_browser_is_not_sent_round_and_round(contoso: Company, client: Client) -> None:
    CredentialFactory.create(connection=contoso.connection, value="wrong-secret")
    contoso.microsoft.fault("token", aadsts=7000222)
    contoso.microsoft.fault("token", aadsts=54005)
    again = contoso.sign_in(client)["Location"]
    contoso.microsoft.fault("token", aadsts=7000222)
    contoso.microsoft.fault("token", aadsts=54005)
    response = contoso.come_back(client, again)
    assert (response.status_code, error_code(response)) == (502, "secret_rejected")


def test_an_expired_secret_is_not_tried_before_a_valid_one(
    contoso: Company, client: Client
) -> None:
    CredentialFactory.create(
        connection=contoso.connection,
        value="old-secret",
        expires_at=timezone.now() - timedelta(days=1),
    )
    contoso.sign_in(client)
    assert secrets_sent(contoso) == [contoso.app.secrets[0].value]


def test_a_wrongly_noted_expiry_stops_nobody(contoso: Company, client: Client) -> None:
    Credential.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert contoso.sign_in(client).status_code == 302


def test_one_unreadable_secret_does_not_stop_the_other(contoso: Company, client: Client) -> None:
    broken = CredentialFactory.create(connection=contoso.connection)
    Credential.objects.filter(pk=broken.pk).update(
        value=type(broken.value)("encrypted:no such thing")
    )
    assert contoso.sign_in(client).status_code == 302


def test_success_is_noted_at_most_hourly(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    noted = Credential.objects.get().last_success_at
    contoso.sign_in(Client())
    assert Credential.objects.get().last_success_at == noted
    earlier = timezone.now() - timedelta(hours=2)
    Credential.objects.update(last_success_at=earlier)
    contoso.sign_in(Client())
    assert (Credential.objects.get().last_success_at or earlier) > earlier


def test_no_more_than_four_secrets_are_tried(contoso: Company, client: Client) -> None:
    Credential.objects.all().delete()
    for number in range(6):
        CredentialFactory.create(connection=contoso.connection, value=f"wrong-{number}")
    response = contoso.sign_in(client)
    assert (response.status_code, error_code(response)) == (502, "secret_rejected")
    assert len(secrets_sent(contoso)) == 4


def test_the_order_of_use_is_newest_first_and_doubtful_last() -> None:
    now = timezone.now()

    def secret(hint: str, age: int, **dates: timedelta) -> Credential:
        given = {name: now + delta for name, delta in dates.items()}
        return Credential(pk=age, hint=hint, created_at=now - timedelta(days=age), **given)

    ordered = in_order_of_use(
        [
            secret("old", 9),
            secret("out", 1, expires_at=timedelta(seconds=-1)),
            secret("new", 3, expires_at=timedelta(days=1)),
            secret("bad", 2, refused_at=timedelta(minutes=-9)),
            secret("ok?", 5, refused_at=timedelta(minutes=-11)),
        ],
        now,
    )
    assert [each.hint for each in ordered] == ["new", "ok?", "old", "out", "bad"]


def test_an_exchange_and_a_resolved_user_show_nothing(contoso):
    shown = repr(
        CodeExchange(
            contoso.connection, "t", "u", code="c0de", code_verifier="ver1fier", nonce="n0nce"
        )
    )
    assert not any(secret in shown for secret in ("c0de", "ver1fier", "n0nce"))
    identity = IdentityFactory.create(login_name="adele@contoso.com")
    assert "adele" not in repr(ResolvedUser(identity)).lower()
