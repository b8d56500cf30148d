"""The trial and the consent of a set-up, by somebody whom they are not for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client
from django.utils import timezone

from azuread_connections import signals
from azuread_connections.login.flows import setup_trial
from azuread_connections.login.state import transaction
from azuread_connections.login.state.transaction import Transaction
from azuread_connections.models import (
    Connection,
    Event,
    Identity,
    SetupLink,
    SetupSession,
)
from azuread_connections.setup import steps
from azuread_connections.setup.links import revoke
from azuread_connections.testing import next_address
from tests.company import Company, error_code
from tests.setup.invited import Invited

from .catalogue import Attacker, Standing, attack

pytestmark = [pytest.mark.django_db, attack(who=Attacker.CUSTOMER)]

CALLBACK = "/login/callback"
OWN_OPENING = "an outcome is kept in the row of the opening whose cookie the browser has"
BOUND = "a trial is bound to the opening that began it, and the browser must still have it"


@pytest.fixture
def customer(contoso: Company, client: Client) -> Invited:
    return Invited.invite(contoso, client)


@pytest.fixture
def rival(fabrikam: Company) -> Invited:
    """The administrator of another customer, with a link of their own."""
    return Invited.invite(fabrikam, Client())


def callback_of(customer: Invited) -> str:
    """Begin a trial and sign in at Microsoft; return the callback."""
    return customer.company.microsoft.sign_in(customer.begin_trial(), customer.company.person)


def copy_cookies(origin: Client, target: Client, mark: str) -> None:
    for name, morsel in origin.cookies.items():
        if mark in name:
            target.cookies[name] = morsel.value


def outcomes() -> list[Any]:
    stored = SetupSession.objects.values_list("trial", "consent")
    trials = [(trial or {}).get("outcome") for trial, _consent in stored]
    return [*filter(None, trials), *filter(None, (consent for _trial, consent in stored))]


# --- Reading --------------------------------------------------------------------------------------


@attack(wants="the profile that another opening of the same link has read", stopped_by=OWN_OPENING)
def test_another_opening_of_the_link_reads_no_outcome(customer: Invited) -> None:
    customer.try_it()
    finder = Client()
    customer.open(finder)
    page = finder.get(customer.path(steps.TRY)).content.decode()
    assert 'data-setup-step="try"' in page
    assert "Adele" not in page
    assert 'name="finish"' not in page


@attack(wants="the profile that another customer's trial has read", stopped_by=OWN_OPENING)
def test_another_link_reads_no_outcome(customer: Invited, rival: Invited) -> None:
    customer.try_it()
    assert "Adele" not in rival.get(steps.TRY)
    assert rival.client.get(customer.path(steps.TRY)).status_code == 403


@attack(
    wants="the profile after the link was revoked, has expired, or lost its connection",
    stopped_by="every page of a set-up checks the link again",
)
@pytest.mark.parametrize("end", ["revoked", "expired", "session over", "connection deleted"])
def test_an_outcome_cannot_be_read_after_the_end(customer: Invited, end: str) -> None:
    customer.try_it()
    if end == "revoked":
        revoke(customer.link)
    elif end == "expired":
        SetupLink.objects.update(expires_at=timezone.now())
    elif end == "session over":
        SetupSession.objects.update(expires_at=timezone.now())
    else:
        Connection.objects.all().delete()
    response = customer.client.get(customer.path(steps.TRY))
    assert response.status_code == 403
    assert "Adele" not in response.content.decode()


# --- Finishing what somebody else began -----------------------------------------------------------


@attack(wants="a trial of one link finished in another", stopped_by=BOUND)
def test_a_trial_of_one_link_is_not_finished_in_another(customer: Invited, rival: Invited) -> None:
    """The transaction is copied along, as malware on one machine could."""
    callback = callback_of(customer)
    copy_cookies(customer.client, rival.client, "azuread_txn_")
    before = Standing.now()
    response = rival.client.get(callback)
    before.assert_stopped(response, 400, "transaction_expired")
    assert outcomes() == []


@attack(wants="a trial finished by another opening of the same link", stopped_by=BOUND)
def test_a_trial_is_not_finished_by_another_opening(customer: Invited) -> None:
    callback = callback_of(customer)
    finder = Client()
    customer.open(finder)
    copy_cookies(customer.client, finder, "azuread_txn_")
    before = Standing.now()
    before.assert_stopped(finder.get(callback), 400, "transaction_expired")
    assert outcomes() == []


@attack(
    wants="the victim's opening to show the attacker's trial, by the attacker's callback",
    stopped_by="the state must fit a sealed cookie of the browser that began",
)
def test_a_callback_of_another_browser_is_refused(customer: Invited, rival: Invited) -> None:
    callback = callback_of(rival)
    before = Standing.now()
    before.assert_stopped(customer.client.get(callback), 400, "transaction_missing")
    assert outcomes() == []


@attack(
    wants="an outcome of a forged or repeated callback",
    stopped_by="Microsoft redeems a code once, and a transaction is used once",
)
def test_a_forged_code_is_no_outcome_that_works(customer: Invited) -> None:
    address = next_address(customer.begin_trial())
    state = parse_qs(urlsplit(address).query)["state"][0]
    response = customer.client.get(CALLBACK, {"code": "made-up", "state": state})
    assert response["Location"] == customer.path(steps.TRY)
    assert "It works" not in customer.get(steps.TRY)
    assert customer.client.get(CALLBACK, {"code": "made-up", "state": state}).status_code == 400


@attack(
    wants="a set-up finished without a sign-in that worked",
    stopped_by="the outcome is read from the row, never from the request",
)
@pytest.mark.parametrize("fields", [{}, {"works": "1"}, {"trial": '{"works": true}'}])
def test_finish_believes_no_field(customer: Invited, fields: dict[str, str]) -> None:
    customer.post(steps.TRY, finish="1", **fields)
    assert SetupLink.objects.get().finished_at is None


@attack(
    wants="the outcome of a trial during which the link was revoked",
    stopped_by="the link is checked before Microsoft is asked",
)
def test_a_link_that_is_revoked_during_the_trial_gets_no_outcome(customer: Invited) -> None:
    callback = callback_of(customer)
    revoke(customer.link)
    asked = customer.company.microsoft.count("token")
    before = Standing.now()
    before.assert_stopped(customer.client.get(callback), 400, "transaction_expired")
    assert outcomes() == []
    assert customer.company.microsoft.count("token") == asked
    assert not Event.objects.filter(kind="setup_step").exists()


@attack(
    wants="the outcome of a trial whose link was revoked while Microsoft answered",
    stopped_by="the statement that stores the outcome asks for the link again",
)
def test_a_link_that_is_revoked_while_microsoft_answers_gets_no_outcome(
    customer: Invited,
) -> None:
    callback = callback_of(customer)
    session = customer.session

    def revoke_first(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("UPDATE") and "setupsession" in sql:
            SetupLink.objects.update(revoked_at=timezone.now())
        return execute(sql, *rest)

    with database.execute_wrapper(revoke_first):
        response = customer.client.get(callback)
    assert error_code(response) == "transaction_expired"
    session.refresh_from_db()
    assert session.trial is not None
    assert session.trial["outcome"] is None


@attack(
    wants="a trial of one connection's link applied to another connection",
    stopped_by="the transaction's connection must be the link's",
)
def test_a_link_that_moved_to_another_connection_finishes_no_trial(
    customer: Invited, fabrikam: Company
) -> None:
    callback = callback_of(customer)
    SetupLink.objects.update(connection=fabrikam.connection)
    assert error_code(customer.client.get(callback)) == "transaction_expired"
    assert outcomes() == []


# --- Gaining more than an outcome -----------------------------------------------------------------


@attack(
    wants="to be signed in, or a user created, by a trial",
    stopped_by="a trial has no application, and its flow calls neither login() nor resolve()",
)
def test_a_trial_gains_nobody_anything(customer: Invited) -> None:
    before = Standing.now()
    page = customer.try_it()
    assert "It works" in page
    gained = before.gained()
    assert gained == {}
    assert before.lost() == {}
    assert get_user(customer.client).is_anonymous  # type: ignore[arg-type]


@attack(
    wants="the session of a member of staff changed to the account that was tried",
    stopped_by="a trial touches no session of Django's",
)
def test_a_trial_in_a_signed_in_browser_changes_nothing(customer: Invited, victim: Client) -> None:
    """The site's administrator opens a link in the browser in which they are signed in."""
    heard: list[Any] = []

    def listen(**kwargs: Any) -> None:
        heard.append(kwargs)

    name = get_user(victim).get_username()  # type: ignore[arg-type]
    key = victim.session.session_key
    stored = dict(victim.session)
    signals.signed_in.connect(listen)
    try:
        assert "It works" in customer.try_it()
    finally:
        signals.signed_in.disconnect(listen)
    assert heard == []
    assert victim is customer.client
    assert get_user(victim).get_username() == name  # type: ignore[arg-type]
    assert victim.session.session_key == key
    assert dict(victim.session) == stored
    assert not Identity.objects.exists()
    assert User.objects.count() == 1


@attack(
    wants="the trial's code spent as a sign-in",
    stopped_by="the purpose is sealed in the transaction",
)
def test_a_trial_is_no_sign_in_whatever_its_state_says(customer: Invited) -> None:
    callback = callback_of(customer)
    for change in (lambda url: url.replace(".setup.", "."), lambda url: url):
        response = customer.client.get(change(callback))
        assert response.status_code in {302, 400}
        assert get_user(customer.client).is_anonymous  # type: ignore[arg-type]
    assert not Identity.objects.exists()


@attack(
    wants="a page of a failure to lead to another site, or to a page that the state names",
    stopped_by="the state gives a reference and a step only; the address is made here",
)
@pytest.mark.parametrize(
    "ending",
    [
        ".setup.//evil.example.try",
        ".setup.abc.https://evil.example",
        ".setup.abc",
        ".setup.abc.try.more",
        ".setup.ABC.try",
        ".setup.abc.../../admin",
        ".setup." + "a" * 500 + ".try",
        "\n.setup.abc.try",
    ],
)
def test_a_state_leads_nowhere_else(client: Client, ending: str, db: None) -> None:
    page = client.get(CALLBACK, {"state": "A" * 22 + ending}).content.decode()
    assert "Back to the set-up" not in page
    assert "evil.example" not in page


@attack(
    wants="a page of somebody else's set-up, by a state that names it",
    stopped_by="the page that the failure leads back to needs the cookie of an opening",
)
def test_a_state_of_a_set_up_leads_back_to_its_step(client: Client, db: None) -> None:
    page = client.get(CALLBACK, {"state": "A" * 22 + ".setup.abc.try"}).content.decode()
    assert 'href="/login/setup/abc/try"' in page
    assert client.get("/login/setup/abc/try").status_code == 403


@attack(
    wants="consent noted for a customer by an opening that did not ask for it",
    stopped_by=BOUND,
)
def test_consent_of_one_link_is_not_noted_in_another(customer: Invited, rival: Invited) -> None:
    begun = customer.post(steps.PERMISSIONS, consent="1")
    state = parse_qs(urlsplit(next_address(begun)).query)["state"][0]
    copy_cookies(customer.client, rival.client, "azuread_txn_")
    before = Standing.now()
    response = rival.client.get(
        CALLBACK,
        {
            "state": state,
            "admin_consent": "True",
            "tenant": customer.company.directory.tenant_id,
        },
    )
    before.assert_stopped(response, 400, "transaction_expired")
    assert outcomes() == []


@attack(
    wants="a transaction for another opening, made out of one's own",
    stopped_by="the cookie is encrypted and authenticated, and bound to its own state",
)
@pytest.mark.parametrize("forge", [lambda sealed: sealed[:-2] + "AA", lambda sealed: "A" * 200])
def test_a_changed_cookie_is_no_transaction(customer: Invited, forge: Callable[[str], str]) -> None:
    callback = callback_of(customer)
    for name, morsel in list(customer.client.cookies.items()):
        if "azuread_txn_" in name:
            customer.client.cookies[name] = forge(morsel.value)
    before = Standing.now()
    before.assert_stopped(customer.client.get(callback), 400, "transaction_missing")


@attack(
    wants="a transaction without a subject, such as one of another version, finished as a trial",
    stopped_by="an empty subject names no opening",
)
@pytest.mark.parametrize("subject", ["", ":", "abc", "{reference}:", "{reference}:0", ":1"])
def test_a_transaction_without_its_opening_is_refused(customer: Invited, subject: str) -> None:
    begun = Transaction(
        application_id=0,
        connection_id=customer.company.connection.pk,
        fingerprint="",
        destination=customer.path(steps.TRY),
        purpose=setup_trial.PURPOSE,
        subject=subject.format(reference=customer.link.reference),
    )
    name = transaction._cookie_name(begun.state, secure=False)
    customer.client.cookies[name] = transaction.seal(begun)
    response = customer.client.get(CALLBACK, {"state": begun.state, "code": "made-up"})
    assert error_code(response) == "transaction_expired"
