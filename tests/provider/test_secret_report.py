"""Clients' secrets in ``check_secrets``, and signing keys in ``reencrypt_secrets``."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from azuread_connections.credentials.sources import report
from azuread_connections.models import Application, Credential
from azuread_connections.provider import keys
from azuread_connections.provider.models import OAuthClientSecret, SigningKey
from tests.company import Company
from tests.factories import CredentialFactory
from tests.provider.relying_party import RelyingParty

pytestmark = pytest.mark.django_db

NEW = "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE="


def add(party: RelyingParty, days: float | None) -> None:
    now = timezone.now()
    OAuthClientSecret.objects.filter(client=party.client, expires_at=None).delete()
    expires_at = None if days is None else now + timedelta(days=days)
    OAuthClientSecret.objects.add(party.client, expires_at=expires_at)


def check(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    status = 0
    try:
        call_command("check_secrets", *arguments, stdout=out, stderr=out)
    except SystemExit as ended:
        status = int(ended.code or 0)
    return status, out.getvalue()


@pytest.mark.parametrize(
    ("days", "status", "text"),
    [
        (None, 0, "All secrets are fine."),
        (31.5, 0, "All secrets are fine."),
        (5, 1, "expires in 5 days"),
        (-2, 1, "expired 2 days ago"),
    ],
)
def test_a_clients_secret_that_ends_is_reported(
    machine: RelyingParty, days: float | None, status: int, text: str
) -> None:
    add(machine, days)
    found = check()
    assert found[0] == status
    assert text in found[1]
    if status:
        assert f"client {machine.client_id}" in found[1]
        assert machine.application.slug in found[1]


def test_the_secret_itself_is_not_shown(machine: RelyingParty) -> None:
    value = OAuthClientSecret.objects.add(machine.client, expires_at=timezone.now())
    OAuthClientSecret.objects.exclude(hint=value[:3]).delete()
    for layout in ("text", "json"):
        printed = check("--format", layout)[1]
        assert value[:3] in printed
        assert value[:8] not in printed


def test_the_levels_of_fail_on_hold(machine: RelyingParty) -> None:
    add(machine, 5)
    assert check("--fail-on", "expired")[0] == 0
    assert check("--fail-on", "expiring")[0] == 1
    add(machine, None)
    assert check("--fail-on", "unknown")[0] == 0


@pytest.mark.parametrize("other", [400, None])
def test_a_secret_that_another_replaces_is_superseded(
    machine: RelyingParty, other: float | None
) -> None:
    add(machine, -3)
    expires_at = None if other is None else timezone.now() + timedelta(days=other)
    OAuthClientSecret.objects.add(machine.client, expires_at=expires_at)
    assert check() == (0, "All secrets are fine.\n")
    status, printed = check("--all")
    assert status == 0
    assert "superseded" in printed


def test_another_expired_one_replaces_nothing(machine: RelyingParty) -> None:
    add(machine, -3)
    OAuthClientSecret.objects.add(machine.client, expires_at=timezone.now() - timedelta(days=1))
    assert check()[0] == 1


def test_a_secret_of_another_client_replaces_nothing(
    contoso: Company, portal: RelyingParty, machine: RelyingParty
) -> None:
    add(machine, 3)
    assert [line.client for line in report(30)][-1:] == [machine.client_id]


def test_a_public_clients_secret_is_not_reported(machine: RelyingParty) -> None:
    add(machine, 3)
    Application.objects.filter(pk=machine.application.pk).update(application_type="spa")
    assert check()[0] == 0


def test_the_json_of_both_kinds(machine: RelyingParty, contoso: Company) -> None:
    Credential.objects.all().delete()
    soon = timezone.now() + timedelta(days=2)
    CredentialFactory(connection=contoso.connection, expires_at=soon)
    add(machine, 5)
    status, printed = check("--format", "json")
    of_connection, of_client = json.loads(printed)
    assert status == 1
    assert of_connection["connection"] == contoso.connection.name
    assert "client" not in of_connection
    assert of_client["client"] == machine.client_id
    assert set(of_client) - set(of_connection) == {"client"}
    assert of_client["connection"] == ""
    assert (of_client["status"], of_client["days_left"]) == ("expiring", 5)
    assert of_client["applications"] == [machine.application.slug]


def test_pages_are_complete(machine: RelyingParty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("azuread_connections.credentials.report.PAGE_SIZE", 2)
    ends = timezone.now() + timedelta(days=3)
    add(machine, 3)
    OAuthClientSecret.objects.all().delete()
    for _ in range(5):
        OAuthClientSecret.objects.add(machine.client, expires_at=ends)
    assert len(list(report(30))) == 5


# --- Signing keys in reencrypt_secrets ------------------------------------------------------------


def reencrypt(**options: Any) -> str:
    out = StringIO()
    call_command("reencrypt_secrets", stdout=out, stderr=out, **options)
    return out.getvalue()


def test_signing_keys_are_reencrypted(settings: Any) -> None:
    old, token = settings.AZUREAD_CONNECTIONS, keys.sign({"sub": "x"})
    settings.AZUREAD_CONNECTIONS = old | {"ENCRYPTION_KEYS": [NEW, *old["ENCRYPTION_KEYS"]]}
    with pytest.raises(CommandError, match="Keep the other keys"):
        reencrypt(dry_run=True)
    assert "1 of 1 secrets re-encrypted." in reencrypt()
    assert "0 of 1 secrets re-encrypted." in reencrypt()

    # Without the former key, though the cache still has what it opened.
    settings.AZUREAD_CONNECTIONS = old | {"ENCRYPTION_KEYS": [NEW]}
    keys._load.cache_clear()
    assert keys.verify(keys.sign({"sub": "y"})) == {"sub": "y"}
    assert keys.verify(token) == {"sub": "x"}


def test_a_signing_key_that_no_key_opens_is_named(settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"ENCRYPTION_KEYS": [NEW]}
    out = StringIO()
    with pytest.raises(CommandError, match="1 secret is not encrypted with the first key"):
        call_command("reencrypt_secrets", stdout=out, stderr=out)
    assert f"signing key ({SigningKey.objects.get().kid})" in out.getvalue()
