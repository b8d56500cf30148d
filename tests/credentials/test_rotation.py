"""Rotation of a credential, over real HTTP against the stand-in."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from azuread_connections.credentials.lease import Lease
from azuread_connections.credentials.rotation import finish, rotate
from azuread_connections.credentials.rotation_step import PROPAGATION
from azuread_connections.entra.errors import Unreachable
from azuread_connections.entra.registration import Registration
from azuread_connections.models import Connection, Credential, Event, Rotation
from azuread_connections.testing.directory.credentials import Propagation
from tests.company import Company
from tests.credentials.rotating import (
    DONE,
    FAILED,
    PERMISSION,
    WAITING,
    QuickClock,
    allow,
    assert_all_work,
    is_idle,
    know_key_ids,
    outcomes,
    quick,
    registered,
    rotated,
    use_certificate,
)
from tests.factories import ConnectionFactory, CredentialFactory, FederatedFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def allowed(contoso: Company) -> Company:
    allow(contoso)
    know_key_ids(contoso)
    return contoso


def test_a_secret_is_rotated_and_the_old_one_kept(allowed: Company, client: Client) -> None:
    old = allowed.connection.credentials.get()
    steps = rotated(allowed.connection)
    assert outcomes(steps) == [DONE, DONE]
    new = allowed.connection.credentials.exclude(pk=old.pk).get()
    old.refresh_from_db()
    assert old.replaced_at
    assert new.replaced_at is None
    assert allowed.app.secrets[1].key_id == new.key_id
    assert new.hint == allowed.app.secrets[1].value[:3]
    assert new.expires_at
    assert timedelta(179) < new.expires_at - timezone.now() <= timedelta(180)
    assert_all_work(allowed)
    assert is_idle(allowed.connection)
    assert allowed.sign_in(client).status_code == 302
    sent = [seen.form for seen in allowed.microsoft.requests if seen.form.get("code")]
    assert sent[-1]["client_secret"] == allowed.app.secrets[1].value


def test_a_certificate_is_rotated_with_a_proof_of_the_old_one(contoso: Company) -> None:
    old = use_certificate(contoso)
    allow(contoso)
    assert outcomes(rotated(contoso.connection)) == [DONE, DONE]
    new = contoso.connection.credentials.exclude(pk=old.pk).get()
    assert new.kind == "certificate"
    assert new.key_id == contoso.app.certificates[1].key_id
    assert new.expires_at
    assert timedelta(364) < new.expires_at - timezone.now() <= timedelta(365)
    assert_all_work(contoso)


def test_one_event_and_one_line_say_so_without_the_value(
    allowed: Company, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "azuread_connections")
    rotated(allowed.connection)
    event = Event.objects.get(kind="secret_rotated")
    assert event.connection == allowed.connection
    assert f"The secret {allowed.app.secrets[1].value[:3]}… replaces" in event.message
    [line] = [each for each in caplog.messages if each.startswith("secret_rotated")]
    value = allowed.app.secrets[1].value
    assert value not in caplog.text + event.message
    assert value not in repr(list(Rotation.objects.values()))
    assert line


# --- What is not allowed


def test_without_the_permission_nothing_is_asked_and_the_sentence_names_it(
    contoso: Company,
) -> None:
    know_key_ids(contoso)
    [step] = rotated(contoso.connection)
    assert step.outcome == FAILED
    assert PERMISSION in step.text
    assert "owner" in step.text
    assert contoso.microsoft.count("applications") == 0
    assert is_idle(contoso.connection)


def test_a_permission_granted_a_moment_ago_counts(contoso: Company) -> None:
    know_key_ids(contoso)
    rotated(contoso.connection)
    allow(contoso)
    assert outcomes(rotated(contoso.connection)) == [DONE, DONE]


def test_without_being_its_own_owner_the_app_is_refused_with_the_same_sentence(
    allowed: Company,
) -> None:
    allowed.app.owns_itself = False
    [step] = rotated(allowed.connection)
    assert step.outcome == FAILED
    assert "owner of the registration" in step.text
    assert Event.objects.get(kind="rotation_failed").connection == allowed.connection
    assert is_idle(allowed.connection)
    assert_all_work(allowed)


def test_all_applications_is_a_permission_too(contoso: Company) -> None:
    know_key_ids(contoso)
    contoso.app.owns_itself = False
    allow(contoso, "Application.ReadWrite.All")
    assert outcomes(rotated(contoso.connection)) == [DONE, DONE]


def test_a_policy_that_forbids_secrets_is_named(allowed: Company) -> None:
    allowed.app.policy.forbids_secrets = True
    [step] = rotated(allowed.connection)
    assert "policy" in step.text
    assert "certificate" in step.text
    assert is_idle(allowed.connection)
    assert_all_work(allowed)


@pytest.mark.parametrize(("most", "got"), [(90, 90), (100, 90), (40, 30)])
def test_a_policy_that_limits_the_lifetime_is_obeyed(allowed: Company, most: int, got: int) -> None:
    allowed.app.policy.max_secret_days = most
    assert outcomes(rotated(allowed.connection)) == [DONE, DONE]
    [new] = allowed.connection.credentials.filter(replaced_at=None)
    assert new.expires_at
    assert round((new.expires_at - timezone.now()).days, -1) == got


def test_a_policy_that_limits_certificates_is_obeyed(contoso: Company) -> None:
    use_certificate(contoso)
    allow(contoso)
    contoso.app.policy.max_certificate_days = 180
    assert outcomes(rotated(contoso.connection)) == [DONE, DONE]
    assert len(contoso.app.certificates) == 2
    assert_all_work(contoso)


def test_a_credential_that_each_run_would_rotate_again_is_not_made(allowed: Company) -> None:
    allowed.app.policy.max_secret_days = 30
    [step] = rotated(allowed.connection, quick(longer_than=timedelta(days=30)))
    assert step.outcome == FAILED
    assert "--within" in step.text
    assert_all_work(allowed)


def test_a_certificate_without_another_valid_one_is_not_added(contoso: Company) -> None:
    use_certificate(contoso)
    allow(contoso)
    contoso.app.certificates.clear()
    secret = contoso.app.add_secret()
    CredentialFactory.create(connection=contoso.connection, value=secret.value)
    certificate = contoso.connection.credentials.get(kind="certificate")
    [step] = rotate(contoso.connection, certificate, quick())
    assert step.outcome == FAILED
    assert "proof" in step.text
    assert is_idle(contoso.connection)


def test_no_credential_that_works_is_a_sentence(allowed: Company) -> None:
    allowed.app.secrets.clear()
    [step] = rotated(allowed.connection)
    assert step.outcome == FAILED
    assert "by hand" in step.text


def test_another_directory_than_the_home_is_a_sentence(contoso: Company, microsoft: Any) -> None:
    home = microsoft.add_directory("northwind.example")
    app = home.add_app(multi_tenant=True)
    app.grant(contoso.directory, application=[PERMISSION])
    Connection.objects.update(client_id=app.client_id, use_common_endpoint=True)
    connection = Connection.objects.get()
    connection.credentials.all().delete()
    CredentialFactory.create(connection=connection, value=app.secrets[0].value)
    [step] = rotated(connection)
    assert step.outcome == FAILED
    assert "its home" in step.text


def test_an_answer_of_microsofts_that_nobody_expects_is_incomplete(allowed: Company) -> None:
    allowed.microsoft.fault("applications", body="<html>", status=500)
    [step] = rotated(allowed.connection)
    assert (step.outcome, step.is_incomplete) == (FAILED, True)


def test_without_an_encryption_key_nothing_is_made(
    allowed: Company, settings: Any, tmp_path: Path
) -> None:
    """The value could not be stored."""
    cluster = allowed.microsoft.add_issuer("https://oidc.example.com/cluster")
    file = tmp_path / "token"
    file.write_text(cluster.token("portal"))
    allowed.app.add_federated_credential(cluster.url, "portal")
    FederatedFactory.create(connection=allowed.connection, token_file=str(file))
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"ENCRYPTION_KEYS": []}
    [step] = rotated(allowed.connection)
    assert step.outcome == FAILED
    assert "ENCRYPTION_KEYS" in step.text
    assert allowed.microsoft.count("add_password") == 0
    assert is_idle(allowed.connection)


def test_the_log_is_english_whoever_reads_the_page(allowed: Company) -> None:
    allowed.app.policy.forbids_secrets = True
    certificate = use_certificate(allowed)
    secret = allowed.app.add_secret()
    CredentialFactory.create(connection=allowed.connection, value=secret.value)
    allowed.app.certificates.clear()
    with override("de"):
        list(rotate(allowed.connection, certificate, quick()))
    assert "Microsoft adds a certificate only" in Event.objects.get().message


# --- Propagation


@pytest.mark.parametrize("kind", ["secret", "certificate"])
def test_a_credential_that_microsoft_learns_late_is_waited_for(allowed: Company, kind: str) -> None:
    if kind == "certificate":
        use_certificate(allowed)
    allowed.app.propagation = Propagation(requests=4)
    pace = quick()
    assert outcomes(rotated(allowed.connection, pace)) == [DONE, DONE]
    assert isinstance(pace.clock, QuickClock)
    assert 0 < pace.clock.slept < PROPAGATION.total_seconds()
    assert_all_work(allowed)
    # The waiting is no refusal of a credential.
    assert not Credential.objects.exclude(refused_at=None).exists()


@pytest.mark.parametrize("kind", ["secret", "certificate"])
def test_a_credential_that_microsoft_never_accepts_is_removed_again(
    allowed: Company, kind: str
) -> None:
    if kind == "certificate":
        use_certificate(allowed)
    before = registered(allowed)
    allowed.app.propagation = Propagation(requests=1000)
    pace = quick()
    steps = rotated(allowed.connection, pace)
    assert outcomes(steps) == [DONE, FAILED]
    assert "removed again" in steps[-1].text
    assert isinstance(pace.clock, QuickClock)
    assert pace.clock.slept == PROPAGATION.total_seconds()
    assert registered(allowed) == before
    assert allowed.connection.credentials.get().replaced_at is None
    assert Event.objects.get(kind="rotation_failed")
    assert is_idle(allowed.connection)
    assert_all_work(allowed)


def test_a_certificate_that_cannot_be_removed_again_is_named(allowed: Company) -> None:
    """Its proof was by a certificate that somebody has removed meanwhile."""
    old = use_certificate(allowed)
    secret = allowed.app.add_secret()
    CredentialFactory.create(connection=allowed.connection, value=secret.value)
    allowed.app.propagation = Propagation(requests=1000)
    steps = []
    for step in rotate(allowed.connection, old, quick()):
        steps.append(step)
        del allowed.app.certificates[:-1]
    assert outcomes(steps) == [DONE, FAILED]
    assert "Remove it in Azure by hand" in steps[-1].text
    assert len(allowed.app.certificates) == 1


def test_a_short_patience_leaves_it_to_the_next_run(allowed: Company) -> None:
    allowed.app.propagation = Propagation(requests=1000)
    steps = rotated(allowed.connection, quick(patience=timedelta(seconds=20)))
    assert outcomes(steps) == [DONE, WAITING]
    assert len(allowed.app.secrets) == 2
    assert allowed.connection.credentials.count() == 1
    allowed.app.secrets[1].propagation = Propagation()
    assert outcomes(list(finish(allowed.connection, quick()))) == [DONE, DONE]
    assert_all_work(allowed)


def test_no_sign_in_uses_the_new_credential_before_it_is_accepted(
    allowed: Company, client: Client
) -> None:
    allowed.app.propagation = Propagation(requests=1000)
    rotated(allowed.connection, quick(patience=timedelta(0)))
    assert allowed.sign_in(client).status_code == 302
    assert not Event.objects.filter(kind="secret_refused").exists()


def test_microsoft_out_of_reach_removes_nothing(allowed: Company) -> None:
    """That it does not answer says nothing about the credential."""
    old = allowed.connection.credentials.get()
    steps = []
    for step in rotate(allowed.connection, old, quick()):
        steps.append(step)
        allowed.microsoft.fault("token", status=503, times=None)
    assert outcomes(steps) == [DONE, WAITING]
    assert steps[-1].is_incomplete
    allowed.microsoft.clear_faults()
    assert outcomes(list(finish(allowed.connection, quick()))) == [DONE, DONE]
    assert_all_work(allowed)


@pytest.mark.parametrize("fault", [{"close": True}, {"status": 500}, {"body": "{}"}])
@pytest.mark.parametrize("endpoint", ["add_password", "add_key"])
def test_an_addition_without_an_answer_is_cleaned_up_by_the_next_run(
    allowed: Company, endpoint: str, fault: dict[str, Any]
) -> None:
    if endpoint == "add_key":
        use_certificate(allowed)
    allowed.microsoft.fault(endpoint, **fault)
    assert outcomes(rotated(allowed.connection))[-1] == FAILED
    steps = rotated(allowed.connection)
    assert FAILED not in outcomes(steps)
    assert_all_work(allowed)


def test_an_answer_without_meaning_leaves_it_to_the_next_run(allowed: Company) -> None:
    """After an error of Graph's own nobody knows whether it has made the secret."""
    allowed.microsoft.fault("add_password", status=500)
    [step] = rotated(allowed.connection)
    assert step.is_incomplete
    assert Rotation.objects.get().is_under_way
    assert not Event.objects.exists()


def test_a_secret_whose_value_was_lost_on_the_way_is_removed_by_the_next_run(
    allowed: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = Registration.add_secret

    def lost(*args: Any, **kwargs: Any) -> Any:
        add(*args, **kwargs)
        raise Unreachable("The answer did not arrive.")

    with monkeypatch.context() as patch:
        patch.setattr(Registration, "add_secret", lost)
        [step] = rotated(allowed.connection)
    assert step.is_incomplete
    assert len(allowed.app.secrets) == 2
    lost_one = allowed.app.secrets[1].key_id
    # Somebody else's, added meanwhile, stays.
    foreign = allowed.app.add_secret()
    steps = rotated(allowed.connection)
    assert outcomes(steps) == [DONE] * 4
    allowed.app.remove_secret(foreign)
    assert lost_one not in registered(allowed)
    assert_all_work(allowed)


# --- Shared registrations


@pytest.fixture
def sharing(allowed: Company) -> Connection:
    """Another connection with the same registration and secret, whose key ID is not known."""
    other = ConnectionFactory.create(name="shared", client_id=allowed.app.client_id)
    other.pin(allowed.directory.tenant_id)
    CredentialFactory.create(connection=other, value=allowed.app.secrets[0].value)
    return other


def test_connections_that_share_a_registration_all_get_the_new_one(
    allowed: Company, sharing: Connection
) -> None:
    steps = rotated(allowed.connection)
    assert "1 other connection" in steps[-1].text
    for connection in (allowed.connection, sharing):
        assert connection.credentials.count() == 2
        assert connection.credentials.filter(replaced_at=None).count() == 1
    assert len(allowed.app.secrets) == 2
    told = Event.objects.filter(kind="secret_rotated").values_list("connection__name", flat=True)
    assert sorted(told) == ["contoso", "shared"]
    # The second one is not rotated again.
    assert (
        sharing.credentials.filter(replaced_at=None).get().key_id == allowed.app.secrets[1].key_id
    )


def test_a_connection_with_a_credential_of_its_own_keeps_it(
    allowed: Company, sharing: Connection
) -> None:
    sharing.credentials.all().delete()
    own = allowed.app.add_secret()
    CredentialFactory.create(connection=sharing, value=own.value)
    rotated(allowed.connection)
    assert sharing.credentials.get().replaced_at is None


def test_what_one_connection_began_another_finishes(allowed: Company, sharing: Connection) -> None:
    allowed.app.propagation = Propagation(requests=3)
    rotated(allowed.connection, quick(patience=timedelta(0)))
    assert outcomes(list(finish(sharing, quick()))) == [DONE, DONE]
    assert allowed.connection.credentials.count() == sharing.credentials.count() == 2


# --- One at a time


def test_a_second_run_leaves_it_to_the_first(allowed: Company) -> None:
    assert Lease.take(allowed.connection)
    [step] = rotated(allowed.connection)
    assert step.outcome == WAITING
    assert "Another run" in step.text
    assert allowed.microsoft.count("add_password") == 0


def test_what_was_rotated_meanwhile_is_not_rotated_again(allowed: Company) -> None:
    seen = allowed.connection.credentials.get()
    rotated(allowed.connection)
    [step] = rotate(allowed.connection, seen, quick())
    assert "already" in step.text
    assert len(allowed.app.secrets) == 2


def test_a_credential_removed_meanwhile_is_not_rotated(allowed: Company) -> None:
    seen = allowed.connection.credentials.get()
    allowed.connection.credentials.all().delete()
    [step] = rotate(allowed.connection, seen, quick())
    assert "already" in step.text


def test_a_run_that_lost_its_lease_stops(allowed: Company) -> None:
    steps = []
    old = allowed.connection.credentials.get()
    for step in rotate(allowed.connection, old, quick()):
        steps.append(step)
        Rotation.objects.update(holder="another")
    assert outcomes(steps) == [DONE, WAITING]
    assert allowed.connection.credentials.get().replaced_at is None
    assert Rotation.objects.get().holder == "another"


@pytest.mark.django_db(transaction=True)
def test_nothing_is_stored_inside_a_transaction_that_could_be_lost(contoso: Company) -> None:
    """The value of a secret is named once: if it were rolled back, it would be gone."""
    allow(contoso)
    know_key_ids(contoso)
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        rotated(contoso.connection)
    assert len(contoso.app.secrets) == 1


# --- Answers that make no sense


@pytest.mark.parametrize(
    "nonsense",
    [
        {"secretText": 7},
        {"secretText": "\ud800"},
        {"secretText": "a\0b"},
        {"secretText": "x" * 5000},
        {"keyId": ["x"]},
        {"keyId": "../x"},
        {"endDateTime": "0001-01-01T00:00:00+14:00"},
        {"endDateTime": "9999-12-31T23:59:59-14:00"},
        {"endDateTime": "2001-01-01T00:00:00Z"},
        {"endDateTime": 5},
    ],
)
def test_a_new_secret_that_makes_no_sense_is_not_stored(
    allowed: Company, nonsense: dict[str, Any]
) -> None:
    ends = timezone.now() + timedelta(days=90)
    answer = {"secretText": "abc", "keyId": str(uuid.uuid4()), "endDateTime": ends.isoformat()}
    allowed.microsoft.fault("add_password", body=json.dumps(answer | nonsense))
    [step] = rotated(allowed.connection)
    assert (step.outcome, step.is_incomplete) == (FAILED, True)
    assert Rotation.objects.get().value is None
    assert FAILED not in outcomes(rotated(allowed.connection))
    assert_all_work(allowed)


@pytest.mark.parametrize(
    "fault",
    [
        {"redirect": "https://attacker.example/"},
        {"body": b"{" + b" " * 20_000_000 + b"}"},
        {"body": "[]"},
        {"body": "[" * 100_000},
        {"body": b"\xff"},
    ],
)
@pytest.mark.parametrize("endpoint", ["add_password", "add_key", "applications"])
def test_an_answer_that_is_none_is_incomplete(
    allowed: Company, endpoint: str, fault: dict[str, Any]
) -> None:
    if endpoint == "add_key":
        use_certificate(allowed)
    allowed.microsoft.fault(endpoint, **fault)
    [step] = rotated(allowed.connection)
    assert (step.outcome, step.is_incomplete) == (FAILED, True)
    assert FAILED not in outcomes(rotated(allowed.connection))
    assert_all_work(allowed)


def test_the_key_id_of_another_secret_is_not_believed(allowed: Company) -> None:
    """It is the one by which a secret that is not accepted would be removed."""
    old = allowed.app.secrets[0].key_id
    ends = timezone.now() + timedelta(days=90)
    answer = {"secretText": "abc", "keyId": old, "endDateTime": ends.isoformat()}
    allowed.microsoft.fault("add_password", body=json.dumps(answer))
    [step] = rotated(allowed.connection)
    assert (step.outcome, step.is_incomplete) == (FAILED, True)
    assert registered(allowed) == {old}


def test_the_key_id_of_another_certificate_is_not_believed(
    contoso: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = use_certificate(contoso)
    allow(contoso)
    add = Registration.add_certificate

    def answer_with_another(*args: Any, **kwargs: Any) -> str:
        add(*args, **kwargs)
        return old.key_id

    monkeypatch.setattr(Registration, "add_certificate", answer_with_another)
    assert outcomes(rotated(contoso.connection)) == [DONE, DONE]
    new = contoso.connection.credentials.get(replaced_at=None)
    assert new.key_id == contoso.app.certificates[1].key_id


def test_a_connection_that_left_the_registration_does_not_get_its_new_credential(
    allowed: Company,
) -> None:
    """Its client ID was changed while a rotation waited for Microsoft."""
    other = ConnectionFactory.create(name="shared", client_id=allowed.app.client_id)
    other.pin(allowed.directory.tenant_id)
    CredentialFactory.create(connection=other, value=allowed.app.secrets[0].value)
    allowed.app.propagation = Propagation(requests=1)
    rotated(allowed.connection, quick(patience=timedelta(0)))
    Connection.objects.filter(pk=allowed.connection.pk).update(client_id=str(uuid.uuid4()))
    before = set(allowed.connection.credentials.values_list("pk", flat=True))
    assert outcomes(list(finish(other, quick()))) == [DONE, DONE]
    assert set(allowed.connection.credentials.values_list("pk", flat=True)) == before
    new = other.credentials.get(replaced_at=None)
    assert new.key_id == allowed.app.secrets[1].key_id
