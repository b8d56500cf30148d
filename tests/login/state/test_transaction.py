from __future__ import annotations

import dataclasses
from typing import Any
from unittest import mock

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from azuread_connections.conf import TRANSACTION_LIFETIME
from azuread_connections.login.lookup.addresses import MAX_DESTINATION_LENGTH
from azuread_connections.login.state import sealing, transaction
from azuread_connections.login.state.step_up import StepUp
from azuread_connections.login.state.transaction import BrokenSeal, Transaction, seal, unseal

BEGUN = Transaction(
    application_id=1, connection_id=2, fingerprint="f" * 22, destination="/reports/"
)


def test_unsealing_returns_the_sealed_value() -> None:
    assert unseal(BEGUN.state, seal(BEGUN)) == BEGUN


def test_a_seal_is_bound_to_its_own_state() -> None:
    with pytest.raises(BrokenSeal):
        unseal(dataclasses.replace(BEGUN, state="A" * 22).state, seal(BEGUN))


@pytest.mark.parametrize("value", ["", "A", "AAAA", "é", "A" * 400, "!!!!"])
def test_junk_is_not_unsealed(value: str) -> None:
    with pytest.raises(BrokenSeal):
        unseal(BEGUN.state, value)


@pytest.mark.parametrize("content", [[], [1] * 8, [1] * 10, {}, None, 5, "x"])
def test_a_transaction_of_another_version_is_refused(content: Any) -> None:
    """It can arrive while a new version is rolled out, or an old one is restored."""
    sealed = sealing.seal("transaction", content, name=BEGUN.state)
    with pytest.raises(BrokenSeal):
        unseal(BEGUN.state, sealed)


def test_every_changed_character_breaks_the_seal() -> None:
    sealed = seal(BEGUN)
    for place in range(0, len(sealed) - 1, 7):
        changed = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
        with pytest.raises(BrokenSeal):
            unseal(BEGUN.state, changed)


def test_the_content_cannot_be_read_from_the_cookie() -> None:
    assert "reports" not in seal(BEGUN)
    assert BEGUN.code_verifier not in repr(BEGUN)
    assert BEGUN.seed not in repr(BEGUN)


def test_a_rotated_secret_key_still_opens_transactions_in_progress(settings: Any) -> None:
    sealed = seal(BEGUN)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"
    assert unseal(BEGUN.state, sealed) == BEGUN
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(BrokenSeal):
        unseal(BEGUN.state, sealed)


def test_nonce_verifier_and_state_differ_and_are_new_each_time() -> None:
    other = Transaction(
        application_id=1, connection_id=2, fingerprint="f" * 22, destination="/reports/"
    )
    values = [
        value
        for begun in (BEGUN, other)
        for value in (begun.state, begun.nonce, begun.code_verifier, begun.code_challenge)
    ]
    assert len(set(values)) == len(values)
    assert len(BEGUN.code_verifier) == 43  # RFC 7636 section 4.1


def test_a_transaction_is_used_once() -> None:
    begun = dataclasses.replace(BEGUN, state="B" * 22)
    assert [begun.use() for _ in range(3)] == [True, False, False]


def test_the_longest_transaction_fits_into_a_thousand_bytes() -> None:
    longest = Transaction(
        application_id=2**63,
        connection_id=2**63,
        fingerprint="f" * 22,
        destination="/" * MAX_DESTINATION_LENGTH,
        is_retry=True,
        step_up=StepUp(999_999_999, "c99"),
    )
    request = RequestFactory().get("/", secure=True)
    response = HttpResponse()
    transaction.set_cookie(request, response, longest, secure=True)
    [(name, morsel)] = response.cookies.items()
    assert len(f"{name}={morsel.value}") <= 1000


def test_a_browser_keeps_at_most_four_and_loses_the_oldest() -> None:
    begun = [
        dataclasses.replace(BEGUN, state=letter * 22, created_at=BEGUN.created_at + age)
        for age, letter in enumerate("ABCDE")
    ]
    request = RequestFactory().get("/")
    request.COOKIES |= {f"azuread_txn_{each.state}": seal(each) for each in begun[:4]}
    request.COOKIES |= {"azuread_txn_;": "junk", "sessionid": "x"}
    response = HttpResponse()

    transaction.set_cookie(request, response, begun[4], secure=False)

    assert {name: morsel["max-age"] for name, morsel in response.cookies.items()} == {
        "azuread_txn_" + "A" * 22: 0,
        "azuread_txn_" + "E" * 22: 600,
    }


@pytest.mark.parametrize(
    ("secure", "prefix"), [(True, "__Host-azuread_txn_"), (False, "azuread_txn_")]
)
def test_the_cookie_is_as_closed_as_browsers_allow(secure: bool, prefix: str) -> None:
    response = HttpResponse()
    transaction.set_cookie(RequestFactory().get("/"), response, BEGUN, secure=secure)
    [(name, morsel)] = response.cookies.items()
    assert name == prefix + BEGUN.state
    assert (morsel["path"], morsel["domain"]) == ("/", "")
    assert morsel["httponly"] is True
    assert morsel["samesite"] == "Lax"
    assert bool(morsel["secure"]) is secure


def test_on_https_a_cookie_that_a_subdomain_could_plant_is_not_read() -> None:
    request = RequestFactory().get("/", secure=True)
    name, sealed = "azuread_txn_" + BEGUN.state, seal(BEGUN)
    # Django takes the second for "__Host-…": it strips Unicode spaces off names.
    for planted in (name, "\u2000__Host-" + name, "\x85__Host-" + name):
        request.META["HTTP_COOKIE"] = f"{planted}={sealed}"
        assert transaction.read_cookie(request, BEGUN.state, secure=True) is None
    request.META["HTTP_COOKIE"] = f"other=1; __Host-{name}={sealed}"
    assert transaction.read_cookie(request, BEGUN.state, secure=True) == BEGUN


@pytest.mark.django_db
def test_a_used_transaction_is_remembered_for_as_long_as_it_lives():
    begun = transaction.Transaction(1, 1, "f", "/")
    with mock.patch("azuread_connections.cache.ForgivingCache.add", return_value=True) as add:
        begun.use()
    assert add.call_args.args[2] >= TRANSACTION_LIFETIME


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["", "A" * 21, "A" * 23, "A" * 21 + ";", "A" * 21 + "é"])
def test_only_a_state_of_ours_names_a_cookie(state):
    begun = transaction.Transaction(1, 1, "f", "/", state=state)
    request = RequestFactory().get("/", headers={"cookie": "x"})
    request.COOKIES[f"azuread_txn_{state}"] = transaction.seal(begun)
    request.META["HTTP_COOKIE"] = f"azuread_txn_{state}={transaction.seal(begun)}"
    assert transaction.read_cookie(request, state, secure=False) is None
    from django.http import HttpResponse

    response = HttpResponse()
    transaction.delete_cookie(request, response, state, secure=False)
    assert not response.cookies


@pytest.mark.django_db
def test_a_secure_cookie_is_deleted_as_one():
    from django.http import HttpResponse

    request = RequestFactory().get("/")
    request.COOKIES["__Host-azuread_txn_" + "A" * 22] = "x"
    response = HttpResponse()
    transaction.delete_cookie(request, response, "A" * 22, secure=True)
    [morsel] = response.cookies.values()
    assert morsel["secure"]
    assert morsel["path"] == "/"
    assert not morsel["domain"]
    response = HttpResponse()
    transaction.delete_cookie(request, response, "B" * 22, secure=True)
    assert not response.cookies


@pytest.mark.parametrize("step_up", [StepUp(), StepUp(0), StepUp(600, "c1"), StepUp(acr="c99")])
def test_what_the_answer_has_to_prove_is_sealed(step_up: StepUp) -> None:
    begun = dataclasses.replace(BEGUN, step_up=step_up)
    assert unseal(begun.state, seal(begun)) == begun
