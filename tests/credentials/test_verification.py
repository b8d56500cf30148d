"""The requests of check_secrets to Microsoft."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from azuread_connections.credentials.verification import sync, verify
from azuread_connections.models import Credential
from tests.company import Company
from tests.factories import CredentialFactory

pytestmark = pytest.mark.django_db

END = datetime(2027, 5, 1, 10, tzinfo=UTC)


# --verify


def test_verify_asks_about_each_secret_and_records_the_answer(contoso: Company) -> None:
    CredentialFactory.create(connection=contoso.connection, value="wrong-secret")
    [remark] = verify()
    # The report counts it.
    assert (remark.connection, remark.is_problem) == ("contoso", False)
    assert "AADSTS7000215: The client secret is wrong." in remark.text
    assert "Trace ID" not in remark.text
    assert "wrong-secret" not in remark.text
    assert Credential.objects.get(hint="wro").refused_at
    assert Credential.objects.exclude(hint="wro").get().last_success_at


def test_verify_says_what_could_not_be_asked(contoso: Company) -> None:
    contoso.microsoft.fault("token", status=503)
    [remark] = verify()
    assert "could not be verified" in remark.text
    assert remark.is_problem
    assert Credential.objects.get().refused_at is None


# --sync


@pytest.fixture
def readable(contoso: Company) -> Company:
    contoso.app.grant(contoso.directory, application=["Application.Read.All"])
    contoso.app.secrets[0].expires_at = END.timestamp()
    return contoso


def test_sync_stores_the_true_end_date(readable: Company) -> None:
    [remark] = sync()
    assert "2027-05-01" in remark.text
    secret = Credential.objects.get()
    assert secret.expires_at == END
    assert secret.key_id == readable.app.secrets[0].key_id
    assert list(sync()) == []


def test_sync_matches_secrets_by_their_id(readable: Company) -> None:
    twin = readable.app.add_secret(
        readable.app.secrets[0].value[:3] + "-another", expires_at=END + timedelta(days=9)
    )
    [remark] = sync()
    assert "begins with the same characters" in remark.text
    Credential.objects.update(key_id=twin.key_id)
    list(sync())
    assert Credential.objects.get().expires_at == END + timedelta(days=9)


def test_sync_gives_two_stored_secrets_that_begin_alike_no_date(readable: Company) -> None:
    """One of them could have been removed, and the date would be the other one's."""
    twin = Credential.objects.get().hint + "8Q~another"
    CredentialFactory.create(connection=readable.connection, value=twin)
    remarks = [remark.text for remark in sync()]
    assert len(remarks) == 2
    assert all("begins with the same characters" in text for text in remarks)
    assert not any("removed" in text or "Remove" in text for text in remarks)
    assert not Credential.objects.exclude(expires_at=None, key_id="").exists()


def test_sync_gives_a_secret_whose_id_is_known_to_no_other(readable: Company) -> None:
    list(sync())
    twin = Credential.objects.get().hint + "8Q~another"
    CredentialFactory.create(connection=readable.connection, value=twin)
    [remark] = sync()
    assert "begins with the same characters" in remark.text
    readable.app.add_secret(twin, expires_at=END + timedelta(days=9))
    [remark] = sync()
    assert "2027-05-10" in remark.text
    assert Credential.objects.filter(expires_at=END).count() == 1


def test_a_secret_that_azure_replaced_by_one_that_begins_alike_gets_no_date_of_it(
    readable: Company,
) -> None:
    list(sync())
    before = Credential.objects.values("key_id", "expires_at").get()
    [old] = readable.app.secrets
    readable.app.add_secret(old.value[:3] + "8Q~another", expires_at=END + timedelta(days=9))
    # The secret itself can still authenticate this request.
    readable.app.secrets.remove(old)
    readable.app.secrets.append(replace(old, key_id=str(uuid.uuid4())))
    [remark] = sync()
    assert "begins with the same characters" in remark.text
    assert Credential.objects.values("key_id", "expires_at").get() == before


@pytest.mark.parametrize("hint", [None, "", 5])
def test_sync_never_says_removed_where_azure_does_not_say_how_a_secret_begins(
    readable: Company, hint: object
) -> None:
    answer = {"id": "x", "passwordCredentials": [registered(hint=hint)], "keyCredentials": []}
    answer_for_applications(readable, answer)
    [remark] = sync()
    assert "whose first characters Azure does not show" in remark.text
    assert "emoved" not in remark.text


@pytest.mark.parametrize(
    "answer",
    [{}, {"passwordCredentials": None}, {"passwordCredentials": [5]}, {"passwordCredentials": []}],
)
def test_sync_takes_an_answer_without_secrets_for_no_answer(
    readable: Company, answer: dict[str, Any]
) -> None:
    answer_for_applications(readable, answer)
    [remark] = sync()
    assert remark.is_problem
    assert "emoved" not in remark.text


@pytest.mark.parametrize("end", [None, "", "soon"])
def test_sync_says_where_azure_names_no_date(readable: Company, end: object) -> None:
    hint = Credential.objects.get().hint
    answer_for_applications(
        readable,
        {"passwordCredentials": [registered(hint=hint, endDateTime=end)], "keyCredentials": []},
    )
    [remark] = sync()
    assert "Azure does not say when it expires" in remark.text
    assert Credential.objects.get().expires_at is None


def registered(**changes: object) -> dict[str, object]:
    secret = {"hint": "Zzz", "keyId": str(uuid.uuid4()), "endDateTime": "2027-05-01T10:00:00Z"}
    return secret | changes


def answer_for_applications(company: Company, answer: dict[str, Any]) -> None:
    company.microsoft.fault(
        "applications", status=200, body=json.dumps(answer), content_type="application/json"
    )


def test_sync_says_which_secret_the_registration_does_not_have(readable: Company) -> None:
    Credential.objects.update(hint="Abc")
    [remark] = sync()
    assert remark.text.startswith("Abc… is not on the registration")
    assert "Remove it" in remark.text


def test_a_refusal_is_explained_once(contoso: Company) -> None:
    Credential.objects.all().delete()
    CredentialFactory.create(connection=contoso.connection, value="wrong-secret")
    remarks = [*sync(), *verify()]
    assert len([remark for remark in remarks if "7000215" in remark.text]) == 1
    assert not any(remark.is_problem for remark in remarks)


def test_sync_ignores_an_unfinished_connection(contoso: Company) -> None:
    Credential.objects.all().delete()
    [remark] = sync()
    assert not remark.is_problem


def test_an_answer_cannot_write_on_the_terminal(contoso: Company) -> None:
    body = json.dumps({"error": "x", "error_description": "\x1b[2Jgone\r\nall fine"})
    contoso.microsoft.fault("token", status=400, body=body, content_type="application/json")
    [remark] = verify()
    assert "�[2Jgone all fine" in remark.text


def test_sync_says_where_the_app_may_not_read(contoso: Company) -> None:
    [remark] = sync()
    assert "cannot read its registration" in remark.text
    assert not remark.is_problem


def test_sync_says_where_the_app_is_registered_elsewhere(readable: Company) -> None:
    readable.microsoft.fault("applications", status=404, body="{}", content_type="application/json")
    [remark] = sync()
    assert "registered in another directory" in remark.text
