"""Each kind of credential through everything that asks Microsoft, over real HTTP."""

from __future__ import annotations

import itertools
import logging
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.views.debug import ExceptionReporter

from azuread_connections.credentials.verification import sync, verify
from azuread_connections.diagnostics.checklist import checklist
from azuread_connections.diagnostics.probe import StepResult, probe
from azuread_connections.entra.managed_identity import forget_tokens
from azuread_connections.models import Connection, Credential, Event
from azuread_connections.transfer.exporter import as_json, export_connections
from azuread_connections.users_api import graph_of
from tests.company import Company, error_code
from tests.factories import CertificateFactory, CredentialFactory, FederatedFactory
from tests.keys import certificate_pem, key_pair, private_lines, rsa_key

pytestmark = pytest.mark.django_db

ISSUER, SUBJECT = "https://oidc.example.com/cluster", "system:serviceaccount:portal:web"
KINDS = ("secret", "certificate", "file", "managed_identity")


class World:
    """A company whose connection has no credential yet, and ways to give it each kind."""

    def __init__(self, company: Company, token_file: Path, monkeypatch: Any) -> None:
        self.company = company
        self.token_file = token_file
        self.issuer = company.microsoft.add_issuer(ISSUER)
        self.identity = company.microsoft.add_managed_identity(company.directory)
        monkeypatch.setenv("IDENTITY_ENDPOINT", company.microsoft.identity_endpoint)
        monkeypatch.setenv("IDENTITY_HEADER", company.microsoft.identity_header)
        Credential.objects.all().delete()
        company.app.secrets.clear()

    def add(self, kind: str) -> Credential:
        """Store a credential of this kind, and register it at Microsoft."""
        credential = self.store(kind)
        app, tenant = self.company.app, self.company.directory.tenant_id
        if kind == "secret":
            app.add_secret(credential.value.reveal() if credential.value else "")
        elif kind == "certificate":
            app.add_certificate(credential.certificate)
        elif kind == "file":
            app.add_federated_credential(ISSUER, SUBJECT)
        else:
            url = f"{self.company.microsoft.url}/{tenant}/v2.0"
            app.add_federated_credential(url, self.identity.principal_id)
        return credential

    def store(self, kind: str) -> Credential:
        """Store one that Microsoft does not know."""
        connection = self.company.connection
        if kind == "secret":
            return CredentialFactory.create(connection=connection)
        if kind == "certificate":
            return CertificateFactory.create(connection=connection)
        if kind == "file":
            self.token_file.write_text(self.issuer.token(SUBJECT))
            return FederatedFactory.create(connection=connection, token_file=str(self.token_file))
        return FederatedFactory.create(connection=connection, managed_identity="system")

    def sent(self) -> list[str]:
        """What the token requests were authenticated by."""
        forms = [seen.form for seen in self.company.microsoft.requests if seen.endpoint == "token"]
        return [form.get("client_assertion") or form["client_secret"] for form in forms]


@pytest.fixture
def world(contoso: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    forget_tokens()
    yield World(contoso, tmp_path / "token", monkeypatch)
    forget_tokens()


@pytest.fixture
def old_world(
    fabrikam: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """A company under the v1.0 identity API."""
    forget_tokens()
    yield World(fabrikam, tmp_path / "token", monkeypatch)
    forget_tokens()


# --- Each kind alone ------------------------------------------------------------------------------


def signs_in(world: World) -> None:
    assert world.company.sign_in(Client()).status_code == 302
    assert Event.objects.filter(kind="signed_in").count() == 1


def finds_people(world: World) -> None:
    app, directory = world.company.app, world.company.directory
    app.application.append("User.Read.All")
    app.grant(directory)
    Connection.objects.update(enable_users_api=True)
    found = graph_of(Connection.objects.get(pk=world.company.connection.pk)).users("adele")
    assert [user.name for user in found.users] == ["Adele Vance"]


def passes_check_now(world: World) -> None:
    steps = list(probe(Connection.objects.get(pk=world.company.connection.pk)))
    about = [step for step in steps if str(step.title).startswith("Client ID and ")]
    assert about
    assert StepResult.PASSED in {step.outcome for step in about}


def is_verified(world: World) -> None:
    remarks = list(verify())
    assert not [remark for remark in remarks if remark.is_problem]
    assert Credential.objects.exclude(last_success_at=None).exists()


USES = [signs_in, finds_people, passes_check_now, is_verified]


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_alone_is_enough(world: World, kind: str, use: Callable[[World], None]) -> None:
    world.add(kind)
    use(world)
    credential = Credential.objects.get()
    assert (credential.refused_at, credential.is_unavailable) == (None, False)
    assert credential.last_success_at
    assert not Event.objects.filter(kind__in=["secret_refused", "sign_in_failed"]).exists()


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_works_with_the_v1_endpoint(old_world: World, kind: str) -> None:
    company = old_world.company
    old_world.add(kind)
    assert company.sign_in(Client()).status_code == 302
    list(verify())
    assert Credential.objects.get().last_success_at


# --- Any two, where the first fails ---------------------------------------------------------------


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize(("bad", "good"), list(itertools.permutations(KINDS, 2)))
def test_one_that_microsoft_refuses_is_followed_by_the_next(
    world: World, bad: str, good: str, use: Callable[[World], None]
) -> None:
    works = world.add(good)
    refused = world.store(bad)
    use(world)
    works.refresh_from_db()
    refused.refresh_from_db()
    assert works.last_success_at
    assert works.refused_at is None
    assert refused.refused_at
    assert not refused.is_unavailable
    if use is signs_in:
        event = Event.objects.get(kind="secret_refused")
        assert str(refused) in event.message
        assert event.aadsts_code
        sent = world.sent()
        assert len(sent) == 2
        assert sent[0] != sent[1]


@pytest.mark.parametrize("use", USES[:3])
def test_a_file_that_is_missing_is_followed_by_the_next(
    world: World, use: Callable[[World], None]
) -> None:
    world.add("certificate")
    missing = world.store("file")
    world.token_file.unlink()
    use(world)
    missing.refresh_from_db()
    assert missing.is_unavailable
    assert missing.refused_at
    if use is signs_in:
        event = Event.objects.get(kind="secret_refused")
        assert "There is no token file" in event.message
        assert event.aadsts_code is None
        # Nothing was sent for it.
        assert len(world.sent()) == 1


def test_a_silent_managed_identity_costs_one_sign_in_only(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add("secret")
    silent = world.store("managed_identity")
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:9/msi/token")
    assert world.company.sign_in(Client()).status_code == 302
    silent.refresh_from_db()
    assert silent.is_unavailable
    assert "does not answer" in Event.objects.get(kind="secret_refused").message
    assert world.company.sign_in(Client()).status_code == 302
    # It is tried after the one that works.
    assert Event.objects.get(kind="secret_refused").count == 1


def test_alone_a_missing_file_fails_with_a_sentence(world: World) -> None:
    world.store("file")
    world.token_file.unlink()
    assert error_code(world.company.sign_in(Client())) == "secret_rejected"
    message = Event.objects.get(kind="sign_in_failed").message
    assert "federated credential" in message
    assert "cannot be used. There is no token file" in message
    assert "Check the path" in message
    [remark] = verify()
    assert "There is no token file" in remark.text
    [step] = [
        step
        for step in probe(world.company.connection)
        if str(step.title).startswith("Client ID and federated credential")
    ]
    assert step.outcome is StepResult.FAILED
    assert "There is no token file" in str(step.found)
    assert "mounted" in str(step.remedy)
    item = next(item for item in checklist(world.company.connection) if item.key == "credentials")
    assert "not readable just now" in str(item.evidence)


# --- What Entra says of each fault ----------------------------------------------------------------


def another_certificate(world: World) -> None:
    world.company.app.certificates.clear()
    world.company.app.add_certificate(key_pair(1).certificate)


def expired_at_azure(world: World) -> None:
    world.company.microsoft.clock = lambda: time.time() + 400 * 86_400


def wrong_clock(world: World) -> None:
    world.company.microsoft.clock = lambda: time.time() + 7200


@pytest.mark.parametrize(
    ("fault", "number"),
    [(another_certificate, 700027), (expired_at_azure, 700027), (wrong_clock, 700024)],
)
def test_a_certificate_that_azure_refuses_is_explained(
    world: World, fault: Callable[[World], None], number: int
) -> None:
    world.add("certificate")
    fault(world)
    [remark] = verify()
    assert f"AADSTS{number}" in remark.text
    assert Credential.objects.get().refused_at


@pytest.mark.parametrize(
    ("issuer", "subject", "audience", "number"),
    [
        ("https://other.example.com", SUBJECT, "api://AzureADTokenExchange", 700211),
        (ISSUER, "system:serviceaccount:other", "api://AzureADTokenExchange", 700213),
        (ISSUER, SUBJECT.upper(), "api://AzureADTokenExchange", 7002138),
        (ISSUER, SUBJECT, "api://another", 700212),
    ],
)
def test_a_token_that_matches_no_rule_is_explained(
    world: World, issuer: str, subject: str, audience: str, number: int
) -> None:
    world.store("file")
    world.company.app.add_federated_credential(issuer, subject, audience)
    [remark] = verify()
    assert f"AADSTS{number}" in remark.text


# --- check_secrets --------------------------------------------------------------------------------


def report(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    try:
        call_command("check_secrets", *arguments)
    except SystemExit as ended:
        return int(ended.code or 0), capsys.readouterr().out
    return 0, capsys.readouterr().out


def test_a_certificate_that_ends_is_reported_like_a_secret(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    pem = certificate_pem(rsa_key(), days=12)
    certificate = CertificateFactory.create(connection=world.company.connection, certificate=pem)
    status, printed = report(capsys)
    assert status == 1
    assert str(certificate) in printed
    assert "expires in " in printed
    status, printed = report(capsys, "--format", "json")
    assert '"kind": "certificate"' in printed
    assert certificate.hint in printed
    # A federated credential that Microsoft has accepted replaces it.
    world.add("file")
    list(verify())
    Credential.objects.filter(kind="certificate").update(refused_at=None)
    assert report(capsys) == (0, "All secrets are fine.\n")


def test_a_federated_credential_has_no_end_to_report(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.add("file")
    assert report(capsys, "--fail-on", "unknown") == (0, "All secrets are fine.\n")
    world.token_file.unlink()
    status, printed = report(capsys, "--verify", "--format", "json")
    assert status == 1
    assert '"status": "refused"' in printed
    assert '"kind": "federated"' in printed


def test_sync_finds_a_certificate_by_its_thumbprint(world: World) -> None:
    world.company.app.grant(world.company.directory, application=["Application.Read.All"])
    certificate = world.add("certificate")
    assert list(sync()) == []
    certificate.refresh_from_db()
    assert certificate.key_id == world.company.app.certificates[0].key_id
    world.add("secret")
    world.company.app.certificates.clear()
    cache.clear()
    remarks = [remark.text for remark in sync()]
    assert any("is not on the registration. Upload its .cer" in text for text in remarks)


# --- Nothing private is shown ---------------------------------------------------------------------


def shows_the_key(text: str) -> bool:
    lines = list(private_lines())
    assert lines
    return "PRIVATE KEY" in text or any(line in text for line in lines)


def test_a_private_key_is_in_no_page_export_event_or_history(
    world: World, admin_client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate = world.add("certificate")
    world.store("secret")
    for _number in range(2):
        assert world.company.sign_in(Client()).status_code == 302
    page = f"/admin/azuread_connections/connection/{world.company.connection.pk}"
    texts = [
        b"".join(admin_client.get(f"{page}/{word}"))
        for word in ("change/", "certificate/", "history/", f"cer/?credential={certificate.pk}")
    ]
    texts.append(b"".join(admin_client.post(f"{page}/check/")))  # type: ignore[arg-type]
    for text in texts:
        assert not shows_the_key(text.decode("utf-8", "replace"))
    exported = "".join(as_json(export_connections(Connection.objects.all())))
    assert "BEGIN CERTIFICATE" in exported
    assert not shows_the_key(exported)
    call_command("dumpdata", "azuread_connections")
    assert not shows_the_key(capsys.readouterr().out)
    everything = [*Event.objects.all(), *LogEntry.objects.all(), *Credential.objects.all()]
    assert not shows_the_key(" ".join(f"{each!r} {each} {vars(each)}" for each in everything))
    stored = Credential.objects.get(kind="certificate").value
    assert stored is not None
    assert not shows_the_key(stored.ciphertext)


def test_an_error_report_shows_no_private_key(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.add("certificate")

    def broken(*arguments: Any, **options: Any) -> str:
        raise RuntimeError("PyJWT has changed.")

    monkeypatch.setattr("azuread_connections.entra.credentials.jwt.encode", broken)
    caplog.set_level(logging.CRITICAL)
    try:
        world.company.sign_in(Client())
    except RuntimeError:
        html = ExceptionReporter(None, *sys.exc_info()).get_traceback_html()
        assert "PyJWT has changed." in html
        assert not shows_the_key(html)
    else:
        pytest.fail("The error did not reach the site.")
