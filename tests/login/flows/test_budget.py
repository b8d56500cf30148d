"""The statements and requests of a sign-in: these budgets do not depend on the machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from django.contrib.auth.models import Group
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from azuread_connections.login.lookup import enabled
from azuread_connections.models import Application, Connection, Credential, Identity
from azuread_connections.testing import StandIn
from tests.company import Company
from tests.factories import (
    CertificateFactory,
    ConnectionFactory,
    CredentialFactory,
    EnabledConnectionFactory,
    IdentityFactory,
)

pytestmark = pytest.mark.django_db

DATA = ("SELECT", "INSERT", "UPDATE", "DELETE")


@contextmanager
def statements() -> Iterator[list[str]]:
    found: list[str] = []
    with CaptureQueriesContext(database) as queries:
        yield found
    found += [query["sql"] for query in queries if query["sql"].startswith(DATA)]


def sign_in_again(company: Company) -> tuple[list[str], list[str], int]:
    """Return the statements of start and callback, and the requests of a returning person."""
    browser = Client()
    with statements() as at_start:
        authorize_url = company.start(browser)
    callback_url = company.microsoft.sign_in(authorize_url, company.person)
    before = company.microsoft.count()
    with statements() as at_callback:
        assert browser.get(callback_url).status_code == 302
    return at_start, at_callback, company.microsoft.count() - before


def test_a_certificate_costs_as_much_as_a_secret(contoso: Company) -> None:
    sign_in_again(contoso)
    with_secret = sign_in_again(contoso)
    Credential.objects.all().delete()
    certificate = CertificateFactory.create(connection=contoso.connection)
    contoso.app.add_certificate(certificate.certificate)
    sign_in_again(contoso)
    with_certificate = sign_in_again(contoso)
    counts = [(len(start), len(callback)) for start, callback, _ in (with_secret, with_certificate)]
    assert counts[0] == counts[1]
    assert with_certificate[2] == 1


@pytest.mark.parametrize("which", ["contoso", "fabrikam"])
def test_a_returning_person_costs_one_request_and_seven_statements(
    request: pytest.FixtureRequest, which: str
) -> None:
    company: Company = request.getfixturevalue(which)
    sign_in_again(company)

    at_start, at_callback, requests = sign_in_again(company)

    assert requests == 1
    assert [sql[:6] for sql in at_start] == ["SELECT"]
    assert len(at_callback) == 6, "\n".join(at_callback)


@pytest.mark.django_db(transaction=True)
def test_a_returning_person_costs_nine_round_trips_to_the_database(contoso: Company) -> None:
    """BEGIN, COMMIT and savepoints are round trips, too: to PostgreSQL, one each."""
    sign_in_again(contoso)
    sign_in_again(contoso)
    browser = Client()
    with CaptureQueriesContext(database) as queries:
        callback_url = contoso.microsoft.sign_in(contoso.start(browser), contoso.person)
        assert browser.get(callback_url).status_code == 302
    sent = [query["sql"] for query in queries]
    assert "COMMIT" in sent
    assert len(sent) == 9, "\n".join(sent)


def test_it_costs_the_same_where_no_query_can_be_prepared(
    nothing_compiles: None, contoso: Company, caplog: pytest.LogCaptureFixture
) -> None:
    sign_in_again(contoso)
    sign_in_again(contoso)  # the first that updates the identity
    # Those of the start, of the callback, of the identity, its update, the session, the event,
    # and of the last sign-in.
    assert [record.levelname for record in caplog.records if record.exc_info] == ["WARNING"] * 7
    caplog.clear()

    at_start, at_callback, requests = sign_in_again(contoso)

    assert (len(at_start), len(at_callback), requests) == (1, 6, 1), "\n".join(at_callback)
    assert not [record for record in caplog.records if record.exc_info]


def test_on_the_common_endpoint_it_costs_one_statement_more(
    microsoft: StandIn, application: Application
) -> None:
    everybody = Company.create(
        microsoft, application, use_common_endpoint=True, new_directories="accept"
    )
    everybody.app.multi_tenant = True
    theirs = microsoft.add_directory("northwindtraders.com")
    everybody.app.grant(theirs)
    everybody.person = theirs.add_person("Patti Fernandez")
    sign_in_again(everybody)
    _, at_callback, requests = sign_in_again(everybody)
    assert requests == 1
    assert len(at_callback) == 7, "\n".join(at_callback)


def test_mapped_groups_that_stay_cost_one_statement_more(
    microsoft: StandIn, application: Application
) -> None:
    company = Company.create(microsoft, application, security_groups=True)
    company.app.grant(company.directory, delegated=["User.Read", "GroupMember.Read.All"])
    sales = company.directory.add_group("Sales", members=[company.person])
    group = Group.objects.create(name="staff")
    company.connection.group_mappings.create(directory_group_id=sales.object_id, group=group)
    sign_in_again(company)
    _, at_callback, requests = sign_in_again(company)
    assert requests == 2
    assert len(at_callback) == 7, "\n".join(at_callback)


def test_mapped_roles_and_kept_claims_cost_no_statement_and_no_request_more(
    microsoft: StandIn, application: Application
) -> None:
    company = Company.create(
        microsoft, application, app_roles=True, optional_claims=["employeeid", "ctry"]
    )
    company.person.claims.update(employeeid="E-1", ctry="NL")
    for number in range(5):
        group = Group.objects.create(name=f"group {number}")
        company.connection.group_mappings.create(role=f"Role{number}", group=group, admits=True)
    company.app.assign_roles(company.person, "Role0", "Role4")
    sign_in_again(company)
    _, at_callback, requests = sign_in_again(company)
    # One for the mappings, whether of groups or of roles.
    assert (len(at_callback), requests) == (7, 1)


def test_an_address_in_an_alias_costs_one_statement_more(contoso: Company) -> None:
    contoso.connection.aliases.create(domain="contoso.net")
    contoso.microsoft.move_domain("contoso.net", contoso.directory)
    person = contoso.directory.add_person("Megan Bowen", upn="megan@contoso.net")
    other = replace(contoso, person=person)
    sign_in_again(other)
    _, at_callback, requests = sign_in_again(other)
    assert (len(at_callback), requests) == (7, 1), "\n".join(at_callback)
    _, at_callback, _ = sign_in_again(contoso)  # a first sign-in, in the own domain
    _, at_callback, requests = sign_in_again(contoso)
    assert (len(at_callback), requests) == (6, 1), "\n".join(at_callback)


def test_a_sign_in_costs_the_same_among_many_domains(contoso: Company) -> None:
    contoso.connection.aliases.create(domain="contoso.net")
    sign_in_again(contoso)
    alone = [len(found) for found in sign_in_again(contoso)[:2]]
    for number in range(50):
        contoso.connection.aliases.create(domain=f"c{number}.example")
    assert [len(found) for found in sign_in_again(contoso)[:2]] == alone


def test_a_cold_callback_costs_two_requests(contoso: Company) -> None:
    _, _, requests = sign_in_again(contoso)
    assert requests == 2
    assert {each.endpoint for each in contoso.microsoft.requests} >= {"keys", "token"}


def test_an_unpinned_callback_costs_one_more_once(contoso: Company) -> None:
    Connection.objects.update(tenant_id="")
    assert sign_in_again(contoso)[2] == 3
    assert sign_in_again(contoso)[2] == 1
    assert Connection.objects.get().tenant_id == contoso.directory.tenant_id


def test_a_sign_in_costs_the_same_among_many(contoso: Company, application: object) -> None:
    sign_in_again(contoso)
    alone = [len(found) for found in sign_in_again(contoso)[:2]]
    for _ in range(20):
        other = ConnectionFactory.create()
        CredentialFactory.create(connection=other)
        EnabledConnectionFactory.create(application=application, connection=other)
        IdentityFactory.create(connection=other)
    assert [len(found) for found in sign_in_again(contoso)[:2]] == alone


def test_every_look_up_of_a_sign_in_has_its_index(contoso: Company) -> None:
    if database.vendor != "sqlite":
        pytest.skip("reads SQLite's query plan")
    sign_in_again(contoso)
    at_start, at_callback, _ = sign_in_again(contoso)
    ours = [sql for sql in at_start + at_callback if "azuread" in sql and sql[:6] == "SELECT"]
    assert ours
    with database.cursor() as cursor:
        for sql in ours:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            plan = " / ".join(str(row[3]) for row in cursor.fetchall())
            assert "SCAN" not in plan, f"{sql}\n{plan}"


def test_the_buttons_are_found_by_an_index(contoso: Company, application: Application) -> None:
    if database.vendor != "sqlite":
        pytest.skip("reads SQLite's query plan")
    with statements() as found:
        assert enabled.shown_as_buttons(application).connections == [contoso.connection]
    with database.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {found[0]}")
        plan = [str(row[3]) for row in cursor.fetchall()]
    assert "azuread_connection_buttons (show_as_button=?)" in plan[0]
    assert not [step for step in plan if "SCAN" in step or "TEMP B-TREE" in step]


def test_unchanged_profiles_write_no_user_fields(contoso: Company) -> None:
    sign_in_again(contoso)
    _, at_callback, _ = sign_in_again(contoso)
    user_updates = [sql for sql in at_callback if sql.startswith('UPDATE "auth_user"')]
    assert all("first_name" not in sql for sql in user_updates)
    assert Identity.objects.count() == 1
