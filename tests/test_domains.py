"""Domain verification: Microsoft's answers and their effects."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone, translation

from azuread_connections import domains, signals
from azuread_connections.diagnostics.checklist import checklist
from azuread_connections.diagnostics.probe import Step, StepResult, probe
from azuread_connections.dns_proof.records import record_name, record_value
from azuread_connections.entra.cloud import PERSONAL_TENANT_ID
from azuread_connections.models import Application, Connection, DomainAlias, Event
from azuread_connections.testing import StandIn
from tests.company import Company, is_proven, unprove
from tests.factories import ConnectionFactory
from tests.mail import set_admins, set_mail_backend

pytestmark = pytest.mark.django_db

OnCommit = Callable[..., Any]


@pytest.fixture(autouse=True)
def admins(settings: Any) -> None:
    set_admins(settings, "admin@example.com")


@pytest.fixture
def moved(contoso: Company, microsoft: StandIn) -> Company:
    """Contoso, whose domain now belongs to Fabrikam's directory."""
    microsoft.move_domain("contoso.com", microsoft.add_directory("fabrikam.com"))
    return contoso


def row(domain: str = "contoso.com") -> DomainAlias:
    return DomainAlias.objects.get(domain=domain)


def item(connection: Connection) -> Any:
    return next(each for each in checklist(connection) if each.key == "domains")


def steps(company: Company, most: int | None = None) -> list[Step]:
    return list(probe(Connection.objects.get(pk=company.connection.pk), most))


# --- The effect of an answer ----------------------------------------------------------------------


def test_the_pinned_directory_named_is_a_proof_with_a_date(contoso: Company) -> None:
    unprove()
    before = timezone.now()
    domains.check(contoso.connection, "contoso.com")
    alias = row()
    assert alias.verified_at is not None
    assert alias.verified_at >= before
    assert (alias.verified_by, alias.found_tenant_id) == ("microsoft", contoso.directory.tenant_id)
    assert not Event.objects.exists()


def test_a_later_answer_renews_the_date(contoso: Company) -> None:
    old = timezone.now() - timedelta(days=3)
    DomainAlias.objects.update(verified_at=old, checked_at=old)
    domains.check(contoso.connection, "contoso.com")
    assert row().verified_at > old  # type: ignore[operator]
    assert row().checked_at > old  # type: ignore[operator]


def test_another_directory_named_withdraws_the_proof_with_an_event_and_a_mail(
    moved: Company, django_capture_on_commit_callbacks: OnCommit
) -> None:
    Connection.objects.update(contact_email="it@contoso.com")
    heard: list[dict[str, Any]] = []

    def listen(**about: Any) -> None:
        heard.append(about)

    signals.domain_withdrawn.connect(listen)
    with django_capture_on_commit_callbacks(execute=True):
        domains.check(moved.connection, "contoso.com")
    signals.domain_withdrawn.disconnect(listen)

    other = moved.microsoft.directories[1].tenant_id
    assert not is_proven()
    assert (row().found_tenant_id, row().withdrawn_at is not None) == (other, True)
    event = Event.objects.get(kind="domain_withdrawn")
    assert event.connection == moved.connection
    for words in ("contoso.com", moved.directory.tenant_id, other):
        assert words in event.message
    assert [each.to for each in mail.outbox] == [["admin@example.com"], ["it@contoso.com"]]
    assert "contoso.com now belongs to the directory" in mail.outbox[1].body
    assert [(each["domain"], each["found"]) for each in heard] == [("contoso.com", other)]


def test_a_withdrawal_is_reported_once(
    moved: Company, django_capture_on_commit_callbacks: OnCommit
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(3):
            domains.check(moved.connection, "contoso.com")
    assert Event.objects.filter(kind="domain_withdrawn").count() == 1
    assert len(mail.outbox) == 1


def test_the_mail_is_in_the_sites_language_whoever_signs_in(
    moved: Company, settings: Any, django_capture_on_commit_callbacks: OnCommit
) -> None:
    settings.LANGUAGE_CODE = "fr"
    with translation.override("de"), django_capture_on_commit_callbacks(execute=True):
        domains.check(moved.connection, "contoso.com")
    with translation.override("fr"):
        expected = translation.gettext("A domain is no longer verified")
    assert expected in mail.outbox[0].subject
    assert expected != "A domain is no longer verified"


def test_of_two_answers_at_once_one_withdraws(moved: Company) -> None:
    first, second = row(), row()
    assert first.withdraw("") is True
    assert second.withdraw("") is False


def test_a_mail_that_cannot_be_sent_leaves_the_proof_withdrawn(
    moved: Company, settings: Any, django_capture_on_commit_callbacks: OnCommit
) -> None:
    set_mail_backend(settings, "no.such.Backend")
    with django_capture_on_commit_callbacks(execute=True):
        domains.check(moved.connection, "contoso.com")
    assert not is_proven()


def test_no_directory_named_withdraws_it_too(contoso: Company, microsoft: StandIn) -> None:
    microsoft.move_domain("contoso.com")
    domains.check(contoso.connection, "contoso.com")
    assert not is_proven()
    assert "Microsoft names no directory" in Event.objects.get(kind="domain_withdrawn").message


def test_the_directory_of_personal_accounts_named_withdraws_it_too(
    contoso: Company, microsoft: StandIn
) -> None:
    document = dict.fromkeys(
        ("issuer", "token_endpoint"), f"https://login.example/{PERSONAL_TENANT_ID}/x"
    )
    microsoft.fault("discovery", status=200, body=json.dumps(document))
    domains.check(contoso.connection, "contoso.com")
    assert not is_proven()
    assert row().found_tenant_id == PERSONAL_TENANT_ID


def test_a_name_that_no_directory_can_have_withdraws_it_too(contoso: Company) -> None:
    contoso.microsoft.fault("discovery", aadsts=900023)
    domains.check(contoso.connection, "contoso.com")
    assert not is_proven()


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"status": 503}, id="503"),
        pytest.param({"status": 429}, id="429"),
        pytest.param({"close": True}, id="no answer"),
        pytest.param({"status": 200, "body": "<html>"}, id="a login page of a network"),
        pytest.param({"status": 200, "body": "{}"}, id="no directory in it"),
        pytest.param(
            {"status": 400, "body": json.dumps({"error": "server_error"})}, id="another error"
        ),
    ],
)
def test_only_where_microsoft_cannot_be_asked_the_proof_stays(
    moved: Company, fault: dict[str, Any]
) -> None:
    moved.microsoft.fault("discovery", **fault)
    answer = domains.check(moved.connection, "contoso.com")
    assert not answer.is_conclusive
    assert is_proven()
    assert not Event.objects.exists()
    assert not domains.check(moved.connection, "contoso.com").error
    assert not is_proven()


def test_a_proof_by_dns_outlives_that_microsoft_does_not_know_the_domain(
    contoso: Company, microsoft: StandIn
) -> None:
    microsoft.move_domain("contoso.com")
    row().issue_dns_token(contoso.directory.tenant_id)
    microsoft.dns.set_txt(record_name("contoso.com"), record_value(row().dns_token))
    domains.check(contoso.connection, "contoso.com")
    old = timezone.now() - timedelta(days=3)
    DomainAlias.objects.update(checked_at=old)
    domains.check(contoso.connection, "contoso.com")
    assert is_proven()
    assert row().verified_by == DomainAlias.VerifiedBy.DNS
    assert row().checked_at > old  # type: ignore[operator]
    microsoft.move_domain("contoso.com", microsoft.add_directory("fabrikam.com"))
    domains.check(contoso.connection, "contoso.com")
    assert not is_proven()


def test_a_proof_is_for_one_directory_only(contoso: Company) -> None:
    Connection.objects.update(tenant_id="11112222-bbbb-3333-cccc-4444dddd5555")
    assert not is_proven()
    Connection.objects.update(tenant_id="")
    DomainAlias.objects.update(found_tenant_id="")
    assert not is_proven()


# --- Several connections --------------------------------------------------------------------------


def another(company: Company, tenant_id: str, **options: Any) -> Connection:
    made: Connection = ConnectionFactory.create(tenant_id=tenant_id, **options)
    return made


def trusted(connection: Connection) -> bool:
    return connection.aliases.trusted().exists()


def test_two_connections_of_one_directory_both_hold_the_proof(contoso: Company) -> None:
    second = another(contoso, contoso.directory.tenant_id)
    domains.check(second, "contoso.com")
    assert trusted(second)
    assert trusted(contoso.connection)


def test_an_answer_withdraws_the_proof_of_another_directorys_connection(moved: Company) -> None:
    second = another(moved, moved.microsoft.directories[1].tenant_id)
    domains.check(second, "contoso.com")
    assert trusted(second)
    assert not moved.connection.aliases.verified().exists()
    assert Event.objects.get(kind="domain_withdrawn").connection == moved.connection


@pytest.mark.parametrize(
    ("cloud", "is_withdrawn"), [("dod", True), ("usgov", True), ("china", False), ("global", False)]
)
def test_an_answer_is_about_one_authority(
    contoso: Company, monkeypatch: pytest.MonkeyPatch, cloud: str, is_withdrawn: bool
) -> None:
    Connection.objects.update(cloud=cloud)
    answer = domains.Answer("contoso.com", "usgov", "11112222-bbbb-3333-cccc-4444dddd5555")
    second = another(contoso, answer.tenant_id, cloud="usgov")
    domains.settle(second, answer)
    assert is_proven() is True
    assert contoso.connection.aliases.verified().exists() is not is_withdrawn
    # Two that disagree, on different login hosts: neither is trusted.
    assert trusted(second) is is_withdrawn
    assert trusted(contoso.connection) is False


# --- The row of the own domain --------------------------------------------------------------------


def test_the_own_domain_has_its_row_though_it_is_left_out_of_discovery(contoso: Company) -> None:
    contoso.connection.discover_domain = False
    contoso.connection.save()
    assert row().is_primary
    assert is_proven()


def test_an_alias_that_becomes_the_own_domain_keeps_its_proof(contoso: Company) -> None:
    contoso.connection.aliases.create(domain="contoso.net")
    contoso.connection.aliases.mark_verified(contoso.directory.tenant_id)
    contoso.connection.domain = "contoso.net"
    contoso.connection.save()
    assert [each.domain for each in DomainAlias.objects.verified()] == ["contoso.net"]
    assert row("contoso.net").is_primary


# --- Check now, and the command every day ---------------------------------------------------------


def test_check_now_withdraws_a_domain_of_another_directory(moved: Company) -> None:
    assert StepResult.FAILED in [step.outcome for step in steps(moved)]
    assert not is_proven()


def test_the_command_asks_about_every_alias_and_fails_for_one_withdrawn(
    contoso: Company, microsoft: StandIn
) -> None:
    contoso.connection.aliases.create(domain="contoso.net")
    contoso.connection.aliases.create(domain="mail.example")
    microsoft.move_domain("contoso.net", contoso.directory)
    output = StringIO()
    call_command("check_connections", stdout=output)
    assert is_proven("contoso.net")
    assert "mail.example: Microsoft knows no directory" in output.getvalue()

    microsoft.move_domain("contoso.net", microsoft.add_directory("fabrikam.com"))
    for _ in range(2):  # and it fails until somebody fixes it
        with pytest.raises(SystemExit):
            call_command("check_connections", stdout=output)
    assert not is_proven("contoso.net")
    assert "It was verified before." in output.getvalue()


def test_once_microsoft_cannot_be_asked_no_further_alias_is_asked_about(contoso: Company) -> None:
    for number in range(3):
        contoso.connection.aliases.create(domain=f"c{number}.example")
    contoso.microsoft.fault("discovery", status=503, times=None)
    before = contoso.microsoft.count("discovery")
    failed = [step for step in steps(contoso) if step.outcome is StepResult.FAILED]
    assert len(failed) == 2
    assert contoso.microsoft.count("discovery") - before == 2


def test_a_page_asks_about_a_few_aliases_the_longest_unasked_first(contoso: Company) -> None:
    for number in range(4):
        contoso.connection.aliases.create(domain=f"c{number}.example")
    asked = [str(step.title) for step in steps(contoso, 2) if "alias" in str(step.title)]
    assert asked[:2] == ["Domain alias c0.example", "Domain alias c1.example"]
    assert "2 more" in str(next(s.found for s in steps(contoso, 2) if s.title == "Domain aliases"))
    assert row("c3.example").checked_at is not None


# --- The checklist --------------------------------------------------------------------------------


def test_the_checklist_shows_the_proof_and_its_end(moved: Company) -> None:
    assert item(moved.connection).state == "done"
    domains.check(moved.connection, "contoso.com")
    found = item(moved.connection)
    assert found.state == "warning"
    assert moved.microsoft.directories[1].tenant_id in found.evidence
    assert found.next


def test_the_checklist_asks_for_a_first_proof(contoso: Company) -> None:
    unprove()
    assert item(contoso.connection).state == "todo"


def test_an_alias_without_a_proof_is_named_and_not_a_warning(contoso: Company) -> None:
    contoso.connection.aliases.create(domain="mail.example")
    found = item(contoso.connection)
    assert found.state == "done"
    assert "Not verified: mail.example." in found.evidence


def test_the_checklist_names_a_domain_that_is_disputed(
    contoso: Company, application: Application
) -> None:
    other = "11112222-bbbb-3333-cccc-4444dddd5555"
    second = another(contoso, other, cloud="china")
    second.aliases.mark_verified(other)
    found = item(contoso.connection)
    assert found.state == "warning"
    assert "another directory has verified them too: contoso.com" in found.evidence
