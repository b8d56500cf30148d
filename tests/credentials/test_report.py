from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from azuread_connections.credentials import report as secrets_module
from azuread_connections.credentials.report import CredentialLine, report
from azuread_connections.credentials.status import CredentialStatus
from azuread_connections.entra.errors import CredentialFailed
from azuread_connections.models import Application, Connection, Credential, EnabledConnection

NOW = datetime(2026, 12, 4, 15, 0, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("_in_utc")


def make_connection(name: str, *applications: str) -> Connection:
    connection = Connection.objects.create(
        name=name,
        domain="contoso.com",
        client_id="11112222-bbbb-3333-cccc-4444dddd5555",
    )
    for slug in applications:
        application, _ = Application.objects.get_or_create(slug=slug, defaults={"name": slug})
        EnabledConnection.objects.create(connection=connection, application=application)
    return connection


def add_secret(
    connection: Connection, days: int | None, hint: str = "abc", **fields: object
) -> Credential:
    return Credential.objects.create(
        connection=connection,
        value=f"{hint}~value",
        key_id=f"key-{hint}",
        expires_at=None if days is None else NOW + timedelta(days=days),
        **fields,
    )


def lines(days: int = 30, **options: object) -> list[CredentialLine]:
    return list(report(days, now=NOW, **options))


@pytest.mark.django_db
def test_the_report_is_sorted_by_date_with_undated_secrets_last():
    for name, days in [("soon", 12), ("undated", None), ("gone", -3), ("long-gone", -30)]:
        add_secret(make_connection(name, "portal"), days)
    add_secret(make_connection("fine", "portal"), 31)
    assert [line.connection for line in lines()] == ["long-gone", "gone", "soon", "undated"]


@pytest.mark.django_db
def test_a_line_has_connection_hint_key_date_and_what_would_stop():
    secret = add_secret(make_connection("contoso", "wiki", "portal"), 12, hint="x1~")
    assert lines() == [
        CredentialLine(
            connection="contoso",
            kind="secret",
            hint="x1~",
            key_id="key-x1~",
            expires_at=secret.expires_at,
            refused_at=None,
            days_left=12,
            status=CredentialStatus.EXPIRING,
            text="expires in 12 days",
            applications=("portal", "wiki"),
            superseded=False,
        )
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("when", "reported"),
    [
        (datetime(2026, 12, 16, 23, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 12, 17, 0, 0, tzinfo=UTC), False),
    ],
)
def test_the_days_of_the_report_are_whole_days(when, reported):
    secret = add_secret(make_connection("contoso"), None)
    Credential.objects.filter(pk=secret.pk).update(expires_at=when)
    assert bool(lines(12)) is reported


@pytest.mark.django_db
def test_zero_days_report_what_expires_today():
    secret = add_secret(make_connection("contoso"), None)
    Credential.objects.filter(pk=secret.pk).update(expires_at=NOW + timedelta(hours=1))
    assert [line.text for line in lines(0)] == ["expires today"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("days", "reported", "superseded"),
    [
        pytest.param([-3, 90], [], [-3], id="an expired one beside a valid one"),
        pytest.param([12, 90], [], [12], id="an expiring one beside a longer-lasting one"),
        pytest.param([-3, 12], [12], [-3], id="an expired one beside an expiring one"),
        pytest.param([5, 12], [12], [5], id="the first of two expiring ones"),
        pytest.param([-9, -3], [-9, -3], [], id="two expired ones: neither helps"),
        pytest.param([-3, None], [-3, None], [], id="an undated one proves nothing"),
        pytest.param([None, 90], [None], [], id="an undated one beside a valid one"),
        pytest.param([12, 12], [12, 12], [], id="two that end together"),
    ],
)
def test_a_superseded_secret_is_shown_only_on_request(days, reported, superseded):
    connection = make_connection("contoso", "portal")
    for number, count in enumerate(days):
        add_secret(connection, count, hint=f"n{number}~")
    assert [line.days_left for line in lines()] == reported
    shown = lines(include_superseded=True)
    assert [line.days_left for line in shown if line.superseded] == superseded
    assert [line.days_left for line in shown if not line.superseded] == reported
    assert all(line.applications == () for line in shown if line.superseded)
    assert all(line.counts_as is None for line in shown if line.superseded)


@pytest.mark.django_db
@pytest.mark.parametrize("days", [12, 400, None])
def test_a_refused_secret_is_reported_whatever_its_date_says(days):
    refused_at = NOW - timedelta(minutes=3)
    add_secret(make_connection("contoso", "portal"), days, refused_at=refused_at)
    (line,) = lines()
    assert (line.status, line.text) == ("refused", "refused by Microsoft 3 minutes ago")
    assert line.counts_as is CredentialStatus.EXPIRED
    assert (line.refused_at, line.days_left) == (refused_at, days)
    assert line.applications == ("portal",)


@pytest.mark.django_db
def test_a_secret_that_microsoft_takes_again_is_not_refused_any_more():
    secret = add_secret(make_connection("contoso"), 400)
    secret.record_failure(CredentialFailed())
    assert [line.status for line in lines()] == ["refused"]
    secret.refresh_from_db()
    secret.record_success()
    assert lines() == []


@pytest.mark.django_db
def test_an_expired_secret_that_was_refused_is_reported_once_as_expired():
    add_secret(make_connection("contoso"), -3, refused_at=NOW - timedelta(days=1))
    assert [line.text for line in lines()] == ["expired 3 days ago"]


@pytest.mark.django_db
def test_refused_secrets_come_after_missing_ones_and_before_those_with_a_date():
    make_connection("missing")
    add_secret(make_connection("gone"), -3)
    add_secret(make_connection("undated"), None)
    add_secret(make_connection("refused"), 400, refused_at=NOW)
    assert [line.connection for line in lines()] == ["missing", "refused", "gone", "undated"]


HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("secrets", "reported"),
    [
        pytest.param(
            [(-3, {}), (90, {"refused_at": NOW})],
            [90, -3],
            id="a refused one supersedes no expired one",
        ),
        pytest.param(
            [(12, {}), (90, {"refused_at": NOW})],
            [12],
            id="one that works for some days supersedes a refused one, and not the other way",
        ),
        pytest.param(
            [(90, {"refused_at": NOW}), (400, {})], [], id="a refused one beside a valid one"
        ),
        pytest.param(
            [(-3, {}), (None, {"last_success_at": NOW - HOUR})],
            [None],
            id="an undated one that was accepted after the other's expiry supersedes it",
        ),
        pytest.param(
            [(-3, {}), (None, {"last_success_at": NOW - 4 * DAY})],
            [-3, None],
            id="one that was accepted before proves nothing",
        ),
        pytest.param(
            [(-3, {}), (None, {"last_success_at": NOW - DAY, "refused_at": NOW})],
            [None, -3],
            id="nor does one that has been refused since",
        ),
        pytest.param(
            [(90, {"refused_at": NOW - HOUR}), (None, {"last_success_at": NOW})],
            [None],
            id="an undated one that was accepted after the other's refusal supersedes it",
        ),
        pytest.param(
            [(12, {}), (None, {"last_success_at": NOW})],
            [12, None],
            id="an undated one may end before an expiring one",
        ),
    ],
)
def test_only_a_secret_that_works_supersedes_another(secrets, reported):
    connection = make_connection("contoso", "portal")
    for number, (days, fields) in enumerate(secrets):
        add_secret(connection, days, hint=f"n{number}~", **fields)
    assert [line.days_left for line in lines()] == reported
    everything = lines(include_superseded=True)
    assert [line.days_left for line in everything if not line.superseded] == reported
    # A valid one is not reported even then.
    dull = sum(days is not None and days > 30 and not fields for days, fields in secrets)
    assert len(everything) == len(secrets) - dull


@pytest.mark.django_db
def test_a_valid_secret_of_another_connection_supersedes_nothing():
    add_secret(make_connection("contoso"), -3)
    add_secret(make_connection("fabrikam"), 90)
    assert [line.connection for line in lines()] == ["contoso"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("applications", "counts_as"),
    [(["portal"], CredentialStatus.EXPIRED), ([], CredentialStatus.UNKNOWN)],
)
def test_a_connection_without_any_secret_counts_as_expired_once_it_is_used(applications, counts_as):
    make_connection("contoso", *applications)
    add_secret(make_connection("fabrikam"), 90)
    (line,) = lines()
    assert (line.connection, line.status, line.text) == ("contoso", "missing", "no secret")
    assert line.counts_as is counts_as


@pytest.mark.django_db
def test_the_default_number_of_days_is_the_setting(settings):
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SECRET_WARNING_DAYS": 5}
    add_secret(make_connection("contoso"), 12)
    assert list(report(now=NOW)) == []


@pytest.mark.django_db
def test_pages_meet_without_a_gap_or_a_double_where_dates_are_equal(monkeypatch):
    monkeypatch.setattr(secrets_module, "PAGE_SIZE", 3)
    for number in range(5):
        connection = make_connection(f"together-{number}")
        add_secret(connection, 12)
    for number in range(4):
        add_secret(make_connection(f"undated-{number}"), None)
    for number in range(4):
        make_connection(f"missing-{number}")
        add_secret(make_connection(f"refused-{number}"), 400, refused_at=NOW)
    add_secret(make_connection("later"), 13)
    names = [line.connection for line in lines()]
    assert names == [
        *(f"missing-{n}" for n in range(4)),
        *(f"refused-{n}" for n in range(4)),
        *(f"together-{n}" for n in range(5)),
        "later",
        *(f"undated-{n}" for n in range(4)),
    ]


@pytest.mark.django_db
def test_statements_grow_with_pages_and_no_statement_reads_more_than_a_page(monkeypatch):
    monkeypatch.setattr(secrets_module, "PAGE_SIZE", 10)
    for number in range(35):
        add_secret(make_connection(f"c{number}", "portal", "wiki"), number % 20)

    largest = 0
    real_applications = secrets_module._applications

    def counting(connection_ids):
        nonlocal largest
        ids = list(connection_ids)
        largest = max(largest, len(ids))
        return real_applications(ids)

    monkeypatch.setattr(secrets_module, "_applications", counting)
    with CaptureQueriesContext(database) as queries:
        assert len(lines()) == 35
    # Four pages with their applications, three of which begin within a date and so need two
    # queries; none missing, none refused, none undated.
    assert len(queries) == 4 * 2 + 3 + 1 + 1 + 1
    assert largest == 10
    assert not any('"value"' in query["sql"] or "`value`" in query["sql"] for query in queries)


@pytest.mark.django_db
def test_the_first_line_is_yielded_before_the_second_page_is_read(monkeypatch):
    monkeypatch.setattr(secrets_module, "PAGE_SIZE", 2)
    for number in range(20):
        add_secret(make_connection(f"c{number}"), 12)
    with CaptureQueriesContext(database) as queries:
        next(report(30, now=NOW))
    assert len(queries) == 4  # none missing, none refused, one page, its applications


@pytest.mark.django_db
def test_it_works_without_time_zone_support(settings):
    settings.USE_TZ = False
    now = timezone.now()
    for name, days in [("gone", -3), ("soon", 12), ("fine", 90)]:
        Credential.objects.create(
            connection=make_connection(name),
            value="abc~value",
            expires_at=now + timedelta(days=days),
        )
    assert [line.text for line in report(30)] == ["expired 3 days ago", "expires in 12 days"]
