"""Verification by DNS records: what an answer changes, for one connection and for others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from azuread_connections import domains
from azuread_connections.diagnostics.checklist import checklist
from azuread_connections.diagnostics.probe import StepResult, probe
from azuread_connections.dns_proof.records import Lookup, Outcome, record_name, record_value
from azuread_connections.models import Connection, DomainAlias, Event
from azuread_connections.testing import StandIn
from tests.company import Company, error_code, is_proven
from tests.factories import UserFactory
from tests.mail import set_admins

pytestmark = pytest.mark.django_db

NET = "contoso.net"
ELSEWHERE = "11112222-bbbb-3333-cccc-4444dddd5555"


@pytest.fixture(autouse=True)
def _no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("azuread_connections.dns_proof.resolver.LIFETIME", 0.3)


@pytest.fixture
def expecting(contoso: Company) -> Company:
    """Contoso, which expects a record of contoso.net, a domain that Microsoft does not know."""
    contoso.connection.aliases.create(domain=NET)
    domains.check(contoso.connection, NET)
    return contoso


@pytest.fixture
def proven(expecting: Company) -> Company:
    """The same with the record in place."""
    publish(expecting)
    domains.check(expecting.connection, NET)
    assert is_proven(NET)
    return expecting


def row(company: Company, domain: str = NET) -> DomainAlias:
    return company.connection.aliases.get(domain=domain)


def publish(company: Company, domain: str = NET, *, also: str = "") -> None:
    value = record_value(row(company, domain).dns_token)
    company.microsoft.dns.set_txt(record_name(domain), value, *filter(None, [also]))


def check(company: Company, domain: str = NET) -> domains.Answer:
    return domains.check(company.connection, domain)


def reasons() -> list[str]:
    return [each.message for each in Event.objects.filter(kind="domain_withdrawn")]


# --- The token ------------------------------------------------------------------------------------


def test_the_first_check_gives_a_token_and_the_next_asks(expecting: Company) -> None:
    alias = row(expecting)
    assert len(alias.dns_token) == 40
    assert alias.dns_tenant_id == expecting.directory.tenant_id
    assert expecting.microsoft.dns.count() == 0
    check(expecting)
    assert expecting.microsoft.dns.queries == [record_name(NET)]
    assert row(expecting).dns_token == alias.dns_token


def test_a_connection_without_a_directory_expects_no_record(contoso: Company) -> None:
    Connection.objects.update(tenant_id="")
    contoso.connection.refresh_from_db()
    contoso.connection.aliases.create(domain=NET)
    check(contoso)
    assert row(contoso).dns_token == ""


def test_each_connection_and_domain_has_a_token_of_its_own(
    expecting: Company, fabrikam: Company
) -> None:
    fabrikam.connection.aliases.create(domain=NET)
    check(fabrikam)
    expecting.connection.aliases.create(domain="contoso.org")
    check(expecting, "contoso.org")
    tokens = DomainAlias.objects.exclude(dns_token="").values_list("dns_token", flat=True)
    assert len(set(tokens)) == 3


def test_another_directory_needs_another_record(proven: Company) -> None:
    token = row(proven).dns_token
    Connection.objects.update(tenant_id=ELSEWHERE)
    proven.connection.refresh_from_db()
    assert not is_proven(NET)
    check(proven)
    alias = row(proven)
    assert not is_proven(NET)
    assert alias.dns_token != token
    assert alias.dns_tenant_id == ELSEWHERE
    check(proven)
    assert not is_proven(NET)


# --- What an answer changes -----------------------------------------------------------------------


def test_the_record_verifies_the_domain(proven: Company) -> None:
    alias = row(proven)
    assert alias.verified_by == DomainAlias.VerifiedBy.DNS
    assert alias.found_tenant_id == proven.directory.tenant_id
    assert not Event.objects.filter(kind="domain_withdrawn").exists()


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ((), "its DNS record is gone."),
        (("azuread-connections-verification=0",), "its DNS record has another value."),
    ],
)
def test_a_clear_answer_withdraws_the_proof_at_once(
    proven: Company,
    settings: Any,
    django_capture_on_commit_callbacks: Callable[..., Any],
    values: tuple[str, ...],
    reason: str,
) -> None:
    set_admins(settings, "admin@example.com")
    proven.microsoft.dns.set_txt(record_name(NET), *values)
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            check(proven)
    assert not is_proven(NET)
    assert len(reasons()) == 1
    assert reasons()[0].endswith(reason)
    assert len(mail.outbox) == 1
    assert NET in mail.outbox[0].body


@pytest.mark.parametrize("how", ["servfail", "refused", "silent"])
def test_without_an_answer_a_proof_stays_for_a_week(proven: Company, how: Any) -> None:
    proven.microsoft.dns.fail(how)
    answer = check(proven)
    assert not answer.is_final
    assert is_proven(NET)
    DomainAlias.objects.update(verified_at=timezone.now() - timedelta(days=6, hours=23))
    check(proven)
    assert is_proven(NET)
    DomainAlias.objects.update(verified_at=timezone.now() - timedelta(days=7, hours=1))
    check(proven)
    assert not is_proven(NET)
    assert reasons()[0].endswith("have not answered for a week.")


@pytest.mark.parametrize("how", ["servfail", "silent", "nxdomain"])
def test_without_an_answer_nothing_is_verified(expecting: Company, how: Any) -> None:
    publish(expecting)
    expecting.microsoft.dns.fail(how)
    check(expecting)
    assert not is_proven(NET)
    assert not reasons()


def test_a_directory_that_microsoft_names_counts_more_than_a_record(proven: Company) -> None:
    other = proven.microsoft.add_directory("fabrikam.com")
    proven.microsoft.move_domain(NET, other)
    check(proven)
    assert not is_proven(NET)
    assert f"Microsoft names the directory {other.tenant_id}." in reasons()[0]
    assert row(proven).found_tenant_id == other.tenant_id
    asked = proven.microsoft.dns.count()
    check(proven)
    assert proven.microsoft.dns.count() == asked


def test_without_an_answer_of_microsofts_a_record_verifies_nothing(expecting: Company) -> None:
    publish(expecting)
    expecting.microsoft.fault("discovery", status=503, times=None)
    check(expecting)
    assert not is_proven(NET)
    assert expecting.microsoft.dns.count() == 0


def test_microsofts_own_answer_replaces_the_one_of_the_dns(proven: Company) -> None:
    proven.microsoft.move_domain(NET, proven.directory)
    check(proven)
    assert row(proven).verified_by == DomainAlias.VerifiedBy.MICROSOFT
    assert not reasons()


# --- Attacks --------------------------------------------------------------------------------------


def test_the_record_of_another_connection_verifies_nothing(
    proven: Company, fabrikam: Company
) -> None:
    fabrikam.connection.aliases.create(domain=NET)
    for _ in range(2):
        check(fabrikam)
    assert not fabrikam.connection.aliases.verified().filter(domain=NET).exists()
    assert is_proven(NET)


def test_a_record_of_another_domain_verifies_nothing(expecting: Company) -> None:
    value = record_value(row(expecting).dns_token)
    for name in (NET, f"_azuread-connections.mail.{NET}", f"_azuread-connections.{NET}.evil.test"):
        expecting.microsoft.dns.set_txt(name, value)
    assert check(expecting).records == Lookup()
    assert not is_proven(NET)


def test_a_subdomain_of_a_verified_domain_is_not_verified(proven: Company) -> None:
    proven.connection.aliases.create(domain=f"mail.{NET}")
    check(proven, f"mail.{NET}")
    check(proven, f"mail.{NET}")
    assert not is_proven(f"mail.{NET}")


def test_of_two_connections_that_a_domain_confirms_neither_is_trusted(
    proven: Company, fabrikam: Company
) -> None:
    fabrikam.connection.aliases.create(domain=NET)
    check(fabrikam)
    publish(proven, also=record_value(row(fabrikam).dns_token))
    check(fabrikam)
    assert DomainAlias.objects.verified().filter(domain=NET).count() == 2
    assert not DomainAlias.objects.trusted().filter(domain=NET).exists()
    for company in (proven, fabrikam):
        item = next(each for each in checklist(company.connection) if each.key == "domains")
        assert "a connection of another directory has verified them too" in str(item.evidence)
    publish(fabrikam)
    check(fabrikam)
    trusted = DomainAlias.objects.trusted().get(domain=NET)
    assert trusted.connection == fabrikam.connection
    assert reasons()[0].endswith("its DNS record has another value.")


def test_an_answer_read_before_a_new_token_verifies_nothing(expecting: Company) -> None:
    publish(expecting)
    answer = domains.ask(expecting.connection, NET)
    assert answer.records is not None
    assert answer.records.outcome_for(row(expecting).dns_token) is Outcome.FOUND
    DomainAlias.objects.filter(domain=NET).update(dns_token="", dns_tenant_id="")
    domains.settle(expecting.connection, answer)
    assert not is_proven(NET)


def test_a_directory_exchanged_in_that_moment_verifies_nothing(expecting: Company) -> None:
    publish(expecting)
    answer = domains.ask(expecting.connection, NET)
    is_exchanged = False

    def exchange_first(execute: Any, sql: str, *rest: Any) -> Any:
        nonlocal is_exchanged
        if sql.startswith("UPDATE") and "verified_by" in sql and not is_exchanged:
            is_exchanged = True
            another = {"dns_token": "another", "dns_tenant_id": "another"}
            DomainAlias.objects.filter(domain=NET).update(**another)
        return execute(sql, *rest)

    with database.execute_wrapper(exchange_first):
        domains.settle(expecting.connection, answer)
    assert row(expecting).dns_token == "another"
    assert row(expecting).verified_at is None
    # Nor was it verified and withdrawn again, with a notice.
    assert not Event.objects.filter(kind=Event.Kind.DOMAIN_WITHDRAWN).exists()


# --- At a sign-in ---------------------------------------------------------------------------------


@pytest.fixture
def linking(proven: Company) -> Company:
    """A person of contoso.net and the user who would be linked to them."""
    Connection.objects.update(link_by_email=True)
    proven.person = proven.directory.add_person("Megan Bowen", mail=f"megan@{NET}")
    UserFactory.create(username="megan", email=f"megan@{NET}")
    return proven


def test_a_user_is_linked_after_the_record_was_read_again(linking: Company, client: Client) -> None:
    asked = linking.microsoft.dns.count()
    assert linking.sign_in(client).status_code == 302
    assert get_user(client) == User.objects.get(username="megan")  # type: ignore[arg-type]
    assert linking.microsoft.dns.count() == asked + 1


def test_a_record_that_has_gone_links_nobody(linking: Company, client: Client) -> None:
    linking.microsoft.dns.set_txt(record_name(NET))
    assert linking.sign_in(client).status_code == 302
    assert get_user(client) != User.objects.get(username="megan")  # type: ignore[arg-type]
    assert not is_proven(NET)


@pytest.mark.parametrize("how", ["servfail", "silent"])
def test_a_dns_that_does_not_answer_links_nobody(
    linking: Company, client: Client, how: Any
) -> None:
    linking.microsoft.dns.fail(how)
    answer = linking.sign_in(client)
    assert answer.status_code == 503
    assert error_code(answer) == "microsoft_unreachable"
    assert is_proven(NET)
    assert User.objects.count() == 1
    assert "DNS" in Event.objects.get(kind="sign_in_failed").message


def test_an_old_proof_that_cannot_be_renewed_is_no_confirmation(
    linking: Company, client: Client
) -> None:
    DomainAlias.objects.update(checked_at=timezone.now() - timedelta(days=2))
    cache.clear()
    linking.microsoft.dns.fail("servfail")
    assert linking.sign_in(client).status_code == 503
    assert User.objects.count() == 1


def test_a_record_lets_the_directory_name_people_in_the_domain(
    proven: Company, client: Client
) -> None:
    person = proven.directory.add_person("Megan Bowen", mail=f"megan@{NET}")
    proven.sign_in(client, person)
    assert User.objects.get().email == f"megan@{NET}"


# --- Elsewhere ------------------------------------------------------------------------------------


def found(company: Company) -> dict[str, Any]:
    return {str(step.title): step for step in probe(company.connection)}


def test_check_connections_asks_again(proven: Company) -> None:
    proven.microsoft.dns.set_txt(record_name(NET))
    with pytest.raises(SystemExit):
        call_command("check_connections", "contoso")
    assert not is_proven(NET)


def test_check_now_says_what_it_found(expecting: Company) -> None:
    title = f"Domain alias {NET}"
    step = found(expecting)[title]
    assert step.outcome is StepResult.UNKNOWN
    assert f"There is no TXT record at {record_name(NET)}." in str(step.found)
    expecting.microsoft.dns.fail("servfail")
    assert "SERVFAIL" in str(found(expecting)[title].found)
    expecting.microsoft.dns.recover()
    publish(expecting)
    step = found(expecting)[title]
    assert (step.outcome, step.remedy) == (StepResult.PASSED, "")
    expecting.microsoft.dns.set_txt(record_name(NET), "other")
    step = found(expecting)[title]
    assert step.outcome is StepResult.FAILED
    assert "has another value: “other”" in str(step.found)


def test_a_domain_whose_dns_is_silent_does_not_stop_the_check_of_others(
    expecting: Company,
) -> None:
    expecting.connection.aliases.create(domain="contoso.org")
    expecting.microsoft.dns.fail("silent", record_name(NET))
    assert {f"Domain alias {NET}", "Domain alias contoso.org"} <= set(found(expecting))


def test_the_number_of_statements_does_not_grow_with_other_domains(expecting: Company) -> None:
    publish(expecting)
    counts = []
    for number in range(2):
        for each in range(number * 10):
            expecting.connection.aliases.create(
                domain=f"d{each}.example", dns_token=f"{each:040}", dns_tenant_id=ELSEWHERE
            )
        with CaptureQueriesContext(database) as queries:
            check(expecting)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12


def test_a_stand_in_without_dns_settings_is_not_asked(expecting: Company, settings: Any) -> None:
    """The site asks the servers of the setting, and no others."""
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"DNS_SERVERS": ["not one"]}
    asked = expecting.microsoft.dns.count()
    answer = check(expecting)
    assert answer.records is not None
    assert answer.records.problem is Outcome.FAILURE
    assert expecting.microsoft.dns.count() == asked


def test_the_stand_in_forgets_records(entra: StandIn) -> None:
    entra.dns.set_txt("a.example", "x")
    entra.reset()
    assert entra.dns.names() == []
