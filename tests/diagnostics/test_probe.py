"""Check now: each step with the smallest request that shows its result."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from django.test import Client

from azuread_connections import domains
from azuread_connections.diagnostics.probe import Step, StepResult, probe
from azuread_connections.models import Connection, Credential, Directory
from azuread_connections.testing import StandIn
from tests.attacks.forging import compact
from tests.company import Company, is_proven, move_to, unprove
from tests.factories import CredentialFactory

pytestmark = pytest.mark.django_db


def steps(company: Company) -> list[Step]:
    return list(probe(Connection.objects.get(pk=company.connection.pk)))


def outcomes(company: Company) -> list[str]:
    return [step.outcome.value for step in steps(company)]


def failure(company: Company) -> Step:
    [failed] = [step for step in steps(company) if step.outcome is StepResult.FAILED]
    return failed


@pytest.mark.parametrize("which", ["contoso", "fabrikam"])
def test_a_connection_in_order_passes_every_step(
    request: pytest.FixtureRequest, which: str
) -> None:
    company: Company = request.getfixturevalue(which)
    found = steps(company)
    assert [step.outcome for step in found] == [StepResult.PASSED] * 3
    assert company.directory.tenant_id in found[0].found


def test_it_pins_what_was_not_pinned(contoso: Company) -> None:
    Connection.objects.update(tenant_id="")
    unprove()
    steps(contoso)
    assert Connection.objects.get().tenant_id == contoso.directory.tenant_id
    assert is_proven()


def test_an_unknown_domain_is_reported(contoso: Company) -> None:
    Connection.objects.update(domain="gone.example")
    assert "gone.example" in failure(contoso).found


@pytest.mark.parametrize(
    ("cloud", "told"),
    [
        ("usgov", "This directory is in the cloud “US Government (GCC High)”."),
        ("external_id", "This is a directory for customers: External ID (ciamlogin.com)."),
    ],
)
def test_a_directory_in_another_cloud_is_reported_and_not_pinned(
    contoso: Company, microsoft: StandIn, cloud: Any, told: str
) -> None:
    microsoft.add_directory("agency.example", cloud=cloud)
    Connection.objects.update(tenant_id="")
    unprove()
    move_to(Connection.objects.get(), "agency.example")
    [failed] = [step for step in steps(contoso) if step.title == "Directory"]
    assert (failed.outcome, failed.found) == (StepResult.FAILED, told)
    assert failed.remedy
    assert Connection.objects.get().tenant_id == ""


def test_a_directory_that_moved_to_another_cloud_takes_the_domains_proof_away(
    contoso: Company, microsoft: StandIn
) -> None:
    """An answer that names another cloud is a valid answer, not a failed request."""
    contoso.connection.aliases.create(domain="agency.example")
    microsoft.add_directory("agency.example", cloud="usgov")
    assert is_proven()
    contoso.directory.cloud = "usgov"
    found = {step.title: step for step in steps(contoso)}
    assert not is_proven()
    for title in ("Directory", "Domain alias agency.example"):
        assert "US Government (GCC High)" in found[title].found
    assert Connection.objects.get().tenant_id == contoso.directory.tenant_id


def test_b2c_and_an_unknown_cloud_are_reported(contoso: Company, microsoft: StandIn) -> None:
    for name, host, told in (
        ("microsoftonline.de", "login.microsoftonline.de", "not supported: microsoftonline.de"),
        ("microsoftonline.com", "shop.b2clogin.com", "Azure AD B2C (b2clogin.com)"),
    ):
        address = f"https://{host}/{contoso.directory.tenant_id}/"
        document = {"issuer": address, "token_endpoint": address, "cloud_instance_name": name}
        microsoft.fault("discovery", body=json.dumps(document))
        [failed] = [step for step in steps(contoso) if step.outcome is StepResult.FAILED]
        assert told in failed.found


def test_unpublished_keys_are_dropped_only_on_request(contoso: Company, client: Client) -> None:
    """The daily check must not: Microsoft's servers do not all publish the same keys."""

    def is_old_key_used() -> bool:
        contoso.microsoft.tamper_id_token(lambda h, c: h.update(kid=old) or signed(h, c))
        return contoso.sign_in(Client()).status_code == 302

    def signed(header: dict[str, Any], claims: dict[str, Any]) -> str:
        return compact(
            header,
            claims,
            lambda message: key.sign(message, padding.PKCS1v15(), hashes.SHA256()),
        )

    old, key = contoso.microsoft.public_jwk()["kid"], contoso.microsoft.private_key()
    assert contoso.sign_in(Client()).status_code == 302
    contoso.microsoft.rotate_keys(keep_old=False)
    steps(contoso)
    assert is_old_key_used()
    list(probe(contoso.connection, drop_unpublished_keys=True))
    assert not is_old_key_used()
    assert contoso.sign_in(Client()).status_code == 302


def test_a_domain_of_another_directory_is_reported_and_changes_no_pin(
    contoso: Company, microsoft: StandIn
) -> None:
    microsoft.add_directory("fabrikam.com")
    Connection.objects.update(domain="fabrikam.com")
    assert contoso.directory.tenant_id in failure(contoso).found
    assert Connection.objects.get().tenant_id == contoso.directory.tenant_id


@pytest.mark.parametrize(("endpoint", "title"), [("discovery", "Directory"), ("keys", "keys")])
def test_unreachable_hosts_are_reported(contoso: Company, endpoint: str, title: str) -> None:
    contoso.microsoft.fault(endpoint, status=503)
    failed = failure(contoso)
    assert title in str(failed.title)
    assert "unavailable" in str(failed.found)


def test_every_secret_is_checked_separately(contoso: Company) -> None:
    wrong = CredentialFactory.create(connection=contoso.connection, value="wrong-secret")
    assert outcomes(contoso) == ["passed", "passed", "failed", "passed"]
    failed = failure(contoso)
    assert "AADSTS7000215" in failed.found
    assert failed.remedy
    assert "wrong-secret" not in repr(steps(contoso))
    wrong.refresh_from_db()
    assert wrong.is_refused()


def test_a_missing_secret_and_an_unreadable_one_are_reported(contoso: Company) -> None:
    Credential.objects.update(value=type(Credential.objects.get().value)("encrypted:x"))
    assert "ENCRYPTION_KEYS" in failure(contoso).found
    Credential.objects.all().delete()
    assert failure(contoso).remedy


@pytest.mark.parametrize("keys", [[], ["no-key"], [None], None])
def test_without_a_usable_encryption_key_the_other_steps_run(
    contoso: Company, settings: Any, keys: Any
) -> None:
    Connection.objects.update(enable_users_api=True)
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"ENCRYPTION_KEYS": keys}
    assert "ENCRYPTION_KEYS" in failure(contoso).found
    assert len(steps(contoso)) == 4


def test_a_connection_that_is_deleted_meanwhile_ends_the_check(
    contoso: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = domains.microsoft.find_directory

    def deleted_meanwhile(**asked: str) -> str:
        found = find(**asked)
        Connection.objects.all().delete()
        return found

    monkeypatch.setattr(domains.microsoft, "find_directory", deleted_meanwhile)
    [step] = steps(contoso)
    assert step.outcome is StepResult.FAILED
    assert "deleted" in step.found


def test_an_application_permission_is_proven_by_a_call(contoso: Company) -> None:
    Connection.objects.update(enable_users_api=True)
    assert "not granted" in failure(contoso).found
    assert Directory.objects.get().application_permissions == ""
    contoso.app.grant(contoso.directory, application=["User.Read.All"])
    assert outcomes(contoso)[-1] == "passed"
    assert Directory.objects.get().application_permissions == "User.Read.All"


def test_a_delegated_permission_is_known_after_a_sign_in(contoso: Company, client: Any) -> None:
    Connection.objects.update(security_groups=True)
    contoso.app.grant(contoso.directory, delegated=["User.Read", "GroupMember.Read.All"])
    assert outcomes(contoso)[-2:] == ["unknown"] * 2
    contoso.sign_in(client)
    assert outcomes(contoso)[-2:] == ["passed"] * 2
