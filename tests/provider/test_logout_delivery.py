"""Back-channel logout, to a client that listens."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from azuread_connections.models import EnabledConnection, Identity, Revocation
from azuread_connections.provider import keys, logout_delivery
from azuread_connections.provider.models import Authorization, LogoutNotice
from tests.company import Company
from tests.provider.logout_receiver import PUBLIC_URL, Receiver, listening, logout_claims
from tests.provider.relying_party import ISSUER, RelyingParty, id_token_claims, userinfo

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(portal: RelyingParty) -> Iterator[Receiver]:
    with listening() as receiver:
        portal.client.backchannel_logout_uri = receiver.url
        portal.client.save()
        yield receiver


@pytest.fixture
def tokens(portal: RelyingParty, adele: Client, settings: Any) -> dict[str, Any]:
    """The person's tokens, at a site whose PUBLIC_URL is on loopback, as in development."""
    found = portal.tokens(adele)
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"PUBLIC_URL": PUBLIC_URL}
    return found


@pytest.fixture
def after_commit(django_capture_on_commit_callbacks: Any) -> Callable[..., Any]:
    def do(action: Callable[..., Any], *args: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return action(*args)

    return do


def run_command() -> str:
    out = StringIO()
    call_command("send_logout_notices", stdout=out)
    return out.getvalue()


def test_a_sign_out_tells_the_client_at_once(
    portal: RelyingParty,
    adele: Client,
    receiver: Receiver,
    tokens: dict[str, Any],
    after_commit: Any,
) -> None:
    after_commit(adele.post, "/login/logout")

    (post,) = receiver.posts
    assert post["type"] == "application/x-www-form-urlencoded"
    claims = logout_claims(receiver.tokens[0], portal.client_id)
    before = id_token_claims(tokens["id_token"], portal.client_id)
    assert (claims["sub"], claims["sid"]) == (before["sub"], before["sid"])
    assert claims["exp"] - claims["iat"] == 120
    assert not LogoutNotice.objects.exists()


def test_a_logout_token_is_no_id_token_hint(
    portal: RelyingParty,
    adele: Client,
    receiver: Receiver,
    tokens: dict[str, Any],
    after_commit: Any,
) -> None:
    after_commit(adele.post, "/login/logout")
    assert keys.verify_hint(receiver.tokens[0]) is None


def test_it_is_told_once_however_many_tokens_it_has(
    portal: RelyingParty, adele: Client, receiver: Receiver, settings: Any, after_commit: Any
) -> None:
    for _ in range(3):
        portal.tokens(adele)
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"PUBLIC_URL": PUBLIC_URL}
    after_commit(adele.post, "/login/logout")
    assert len(receiver.posts) == 1


def test_clients_of_other_sessions_and_those_that_got_no_token_are_not_told(
    contoso: Company,
    portal: RelyingParty,
    adele: Client,
    receiver: Receiver,
    settings: Any,
    after_commit: Any,
) -> None:
    portal.code(adele)
    phone = Client()
    contoso.sign_in(phone, application=portal.application.slug)
    portal.tokens(phone)
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"PUBLIC_URL": PUBLIC_URL}
    after_commit(adele.post, "/login/logout")
    assert not receiver.posts


def test_a_client_that_has_revoked_its_tokens_itself_is_told_of_the_sign_out(
    portal: RelyingParty,
    adele: Client,
    receiver: Receiver,
    tokens: dict[str, Any],
    after_commit: Any,
) -> None:
    form = {**portal.credentials(), "token": tokens["refresh_token"]}
    after_commit(Client().post, "/id/oauth/revoke", form)
    assert not receiver.posts
    assert not LogoutNotice.objects.exists()
    after_commit(adele.post, "/login/logout")
    assert len(receiver.posts) == 1


def test_stolen_tokens_end_without_a_notice(
    portal: RelyingParty, adele: Client, receiver: Receiver, tokens: dict[str, Any]
) -> None:
    portal.refresh(tokens["refresh_token"])
    portal.refresh(tokens["refresh_token"])
    assert not LogoutNotice.objects.exists()


# --- A client that does not answer ----------------------------------------------------------------


def test_a_slow_client_does_not_keep_the_person_waiting(
    portal: RelyingParty,
    adele: Client,
    receiver: Receiver,
    tokens: dict[str, Any],
    after_commit: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logout_delivery, "_QUICK", 0.2)
    receiver.seconds = 3
    began_at = time.monotonic()
    response = after_commit(adele.post, "/login/logout")
    assert response.status_code == 302
    assert time.monotonic() - began_at < 2
    notice = LogoutNotice.objects.get()
    assert notice.attempts == 1
    assert notice.due_at > timezone.now()


@pytest.mark.parametrize("status", [302, 400, 404, 500, 503])
def test_what_is_not_confirmed_is_sent_again_after_growing_pauses(
    portal: RelyingParty,
    adele: Client,
    receiver: Receiver,
    tokens: dict[str, Any],
    after_commit: Any,
    status: int,
) -> None:
    receiver.status, receiver.headers = status, {"Location": "/elsewhere"}
    after_commit(adele.post, "/login/logout")
    assert [post["path"] for post in receiver.posts] == ["/logout"]
    pauses = []
    for _ in range(3):
        assert "Sent: 0" in run_command()  # not due yet
        LogoutNotice.objects.update(due_at=timezone.now())
        run_command()
        pauses.append(LogoutNotice.objects.get().due_at - timezone.now())
    assert pauses == sorted(pauses)
    assert len(receiver.posts) == 4

    receiver.status = 204
    LogoutNotice.objects.update(due_at=timezone.now())
    assert "Sent: 1" in run_command()
    assert not LogoutNotice.objects.exists()
    # Each attempt is a token of its own.
    assert len({logout_claims(each, portal.client_id)["jti"] for each in receiver.tokens}) == 5


@pytest.fixture
def others(contoso: Company) -> Iterator[tuple[RelyingParty, Receiver]]:
    """Another client, and what it is told."""
    party = RelyingParty.create(contoso)
    with listening() as receiver:
        party.client.backchannel_logout_uri = receiver.url
        party.client.save()
        yield party, receiver


def add_notices(party: RelyingParty, number: int) -> None:
    LogoutNotice.objects.bulk_create(
        LogoutNotice(client=party.client, subject="x", session_id=f"s{each}", due_at=timezone.now())
        for each in range(number)
    )


def test_a_client_that_does_not_answer_does_not_keep_others_waiting(
    portal: RelyingParty,
    receiver: Receiver,
    others: tuple[RelyingParty, Receiver],
    tokens: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logout_delivery, "_PATIENT", 0.5)
    receiver.seconds = 3
    add_notices(portal, 35)
    add_notices(others[0], 1)
    assert "Sent: 1\nNot confirmed: 10" in run_command()
    assert len(others[1].posts) == 1
    # The others of the client are tried again by the next run.
    assert LogoutNotice.objects.filter(due_at__lte=timezone.now()).count() == 25


def test_a_slow_client_is_told_last(
    portal: RelyingParty,
    receiver: Receiver,
    others: tuple[RelyingParty, Receiver],
    tokens: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logout_delivery, "_SLOW", 0.2)
    receiver.seconds = 0.4
    add_notices(portal, 21)
    add_notices(others[0], 1)
    told = []
    send = logout_delivery.post_form

    def noted(url: str, *args: Any, **kwargs: Any) -> int:
        told.append(url)
        return send(url, *args, **kwargs)

    monkeypatch.setattr(logout_delivery, "post_form", noted)
    assert "Sent: 22" in run_command()
    assert told.index(others[1].url) == 10


def test_it_gives_up_after_a_day_and_says_so(
    portal: RelyingParty,
    adele: Client,
    receiver: Receiver,
    tokens: dict[str, Any],
    after_commit: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    receiver.status = 500
    after_commit(adele.post, "/login/logout")
    LogoutNotice.objects.update(
        due_at=timezone.now(), created_at=timezone.now() - timedelta(days=1)
    )
    caplog.clear()
    with caplog.at_level(logging.INFO, "azuread_connections"):
        run_command()
    (line,) = [each.getMessage() for each in caplog.records if each.name == "azuread_connections"]
    assert line.startswith(f"The logout notice for the client {portal.client} failed: ")
    assert not LogoutNotice.objects.exists()
    assert not any(token in caplog.text for token in receiver.tokens)


def test_a_notice_survives_a_crash_before_it_is_sent(
    portal: RelyingParty, adele: Client, receiver: Receiver, tokens: dict[str, Any]
) -> None:
    """Nothing runs after the commit: the process is gone."""
    adele.post("/login/logout")
    assert not receiver.posts
    assert "Sent: 1" in run_command()
    assert len(receiver.posts) == 1


def test_nobody_else_sends_what_is_being_sent(
    portal: RelyingParty, adele: Client, receiver: Receiver, tokens: dict[str, Any]
) -> None:
    adele.post("/login/logout")
    read_before = list(LogoutNotice.objects.all())
    assert logout_delivery._claimed(read_before)
    assert not logout_delivery._claimed(read_before)
    assert "Sent: 0" in run_command()


def test_the_issuer_has_to_be_known(portal: RelyingParty, adele: Client, settings: Any) -> None:
    portal.client.backchannel_logout_uri = "https://client.example/logout"
    portal.client.save()
    portal.tokens(adele)
    adele.post("/login/logout")
    assert not LogoutNotice.objects.exists()
    with pytest.raises(CommandError, match="PUBLIC_URL"):
        run_command()


def test_an_address_within_the_network_gets_nothing(
    portal: RelyingParty, adele: Client, receiver: Receiver, settings: Any
) -> None:
    portal.tokens(adele)
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "PUBLIC_URL": "https://id.example"
    }
    adele.post("/login/logout", headers={"Host": "testserver"})
    assert "Not confirmed: 1" in run_command()
    assert not receiver.posts


# --- What ends a sign-in --------------------------------------------------------------------------


def deactivate(company: Company) -> None:
    user = get_user_model().objects.get()
    user.is_active = False
    user.save()


def revoke_person(company: Company) -> None:
    Revocation.of_identity(company.connection, Identity.objects.get().pk)


def sign_out_at_microsoft(company: Company) -> None:
    (session_id,) = Authorization.objects.values_list("microsoft_session_id", flat=True)
    assert session_id
    Revocation.of_microsoft_session(company.connection, session_id)


def delete_identity(company: Company) -> None:
    Identity.objects.get().delete()


def delete_user(company: Company) -> None:
    get_user_model().objects.get().delete()


def delete_connection(company: Company) -> None:
    company.connection.delete()


def disable(company: Company) -> None:
    EnabledConnection.objects.filter(connection=company.connection).delete()


def deactivate_by_sql(company: Company) -> None:
    get_user_model().objects.update(is_active=False)


def revoke_directory(company: Company) -> None:
    Revocation.of_directory(company.connection, company.directory.tenant_id)


def sign_everybody_out(company: Company) -> None:
    Revocation.everybody(company.connection)


@pytest.mark.parametrize(
    ("happens", "is_noticed_at_once"),
    [
        (deactivate, True),
        (revoke_person, True),
        (sign_out_at_microsoft, True),
        (delete_identity, True),
        (delete_user, True),
        (delete_connection, True),
        (disable, False),
        (deactivate_by_sql, False),
        (revoke_directory, False),
        (sign_everybody_out, False),
    ],
)
def test_the_client_is_told_whatever_ends_the_sign_in(
    happens: Callable[[Company], None],
    is_noticed_at_once: bool,
    contoso: Company,
    portal: RelyingParty,
    receiver: Receiver,
    settings: Any,
    after_commit: Any,
) -> None:
    contoso.person.claims["sid"] = "0f8fad5b-d9cb-469f-a165-70867728950e"
    browser = Client()
    contoso.sign_in(browser, application=portal.application.slug)
    found = portal.tokens(browser)
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"PUBLIC_URL": PUBLIC_URL}

    after_commit(happens, contoso)

    assert LogoutNotice.objects.exists() == is_noticed_at_once
    assert not receiver.posts  # what is not the person's own request waits for no client
    run_command()
    claims = logout_claims(receiver.tokens[0], portal.client_id)
    assert claims["sub"] == id_token_claims(found["id_token"], portal.client_id)["sub"]
    assert not Authorization.objects.filter(revoked_at__isnull=True).exists()
    assert userinfo(found["access_token"]).status_code == 401
    run_command()
    assert len(receiver.posts) == 1


def test_a_refresh_that_is_refused_leaves_a_notice(
    contoso: Company, portal: RelyingParty, receiver: Receiver, tokens: dict[str, Any]
) -> None:
    sign_everybody_out(contoso)
    assert portal.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert LogoutNotice.objects.count() == 1
    assert not receiver.posts


def test_metadata_says_so_where_the_issuer_is_known(db: None, settings: Any) -> None:
    address = "/id/.well-known/openid-configuration"
    found = Client().get(address).json()
    assert found["issuer"] == ISSUER
    assert found["backchannel_logout_supported"] is False
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"PUBLIC_URL": PUBLIC_URL}
    found = Client().get(address).json()
    assert found["backchannel_logout_supported"] is True
    assert found["backchannel_logout_session_supported"] is True
