from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from azuread_connections.credentials.status import (
    CredentialStatus,
    connection_credential_state,
    describe_expiry,
    describe_refusal,
)
from azuread_connections.models import Credential
from tests.factories import CredentialFactory

NOW = datetime(2026, 12, 4, 15, 0, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("_in_utc")


@pytest.mark.parametrize(
    ("expires_at", "text"),
    [
        (datetime(2026, 12, 16, 0, 0, tzinfo=UTC), "expires in 12 days"),
        (datetime(2026, 12, 16, 23, 59, tzinfo=UTC), "expires in 12 days"),
        (datetime(2026, 12, 5, 0, 0, tzinfo=UTC), "expires in 1 day"),
        (datetime(2026, 12, 4, 15, 1, tzinfo=UTC), "expires today"),
        (datetime(2026, 12, 4, 15, 0, tzinfo=UTC), "expired today"),
        (datetime(2026, 12, 4, 0, 0, tzinfo=UTC), "expired today"),
        (datetime(2026, 12, 3, 23, 59, tzinfo=UTC), "expired 1 day ago"),
        (datetime(2026, 12, 1, 23, 59, tzinfo=UTC), "expired 3 days ago"),
        (None, "no expiry date recorded"),
    ],
)
def test_an_expiry_is_described_in_days_as_a_person_counts_them(expires_at, text):
    assert describe_expiry(expires_at, NOW) == text


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Auckland"])
def test_days_are_counted_to_the_date_that_is_shown(zone):
    """A date means its start in UTC, which is another day in most time zones."""
    with timezone.override(ZoneInfo(zone)):
        assert describe_expiry(datetime(2026, 12, 5, tzinfo=UTC), NOW) == "expires in 1 day"


def test_naive_times_are_local_already():
    now = datetime(2026, 12, 4, 15, 0)
    assert describe_expiry(datetime(2026, 12, 5, 9, 0), now) == "expires in 1 day"


@pytest.mark.parametrize(
    ("days", "status", "text"),
    [
        ([], CredentialStatus.MISSING, "no secret"),
        ([-3], CredentialStatus.EXPIRED, "expired 3 days ago"),
        ([-3, -10], CredentialStatus.EXPIRED, "expired 3 days ago"),
        ([12], CredentialStatus.EXPIRING, "expires in 12 days"),
        ([30], CredentialStatus.EXPIRING, "expires in 30 days"),
        ([31], CredentialStatus.VALID, "expires in 31 days"),
        ([None], CredentialStatus.UNKNOWN, "no expiry date recorded"),
        ([-3, 90], CredentialStatus.VALID, "expires in 90 days"),
        ([12, 90], CredentialStatus.VALID, "expires in 90 days"),
        ([-3, 12], CredentialStatus.EXPIRING, "expires in 12 days"),
        ([-3, None], CredentialStatus.UNKNOWN, "no expiry date recorded"),
        ([12, None], CredentialStatus.EXPIRING, "expires in 12 days"),
        ([90, None], CredentialStatus.VALID, "expires in 90 days"),
    ],
)
def test_the_longest_lasting_usable_secret_decides_for_the_connection(days, status, text):
    secrets = [Credential(expires_at=None if d is None else NOW + timedelta(days=d)) for d in days]
    for order in (secrets, secrets[::-1]):
        state = connection_credential_state(order, NOW)
        assert (state.status, state.text) == (status, text)


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(), "refused by Microsoft just now"),
        (timedelta(seconds=59), "refused by Microsoft just now"),
        (timedelta(minutes=3), "refused by Microsoft 3 minutes ago"),
        (timedelta(days=2, hours=5), "refused by Microsoft 2 days ago"),
    ],
)
def test_a_refusal_is_described_by_its_age(ago, text):
    assert describe_refusal(NOW - ago, NOW) == text


@pytest.mark.parametrize(
    ("refused", "others", "status", "text"),
    [
        ([90], [], CredentialStatus.REFUSED, "refused by Microsoft 5 minutes ago"),
        ([None], [], CredentialStatus.REFUSED, "refused by Microsoft 5 minutes ago"),
        ([90], [-3], CredentialStatus.REFUSED, "refused by Microsoft 5 minutes ago"),
        ([90], [12], CredentialStatus.EXPIRING, "expires in 12 days"),
        ([12], [90], CredentialStatus.VALID, "expires in 90 days"),
        ([90], [None], CredentialStatus.UNKNOWN, "no expiry date recorded"),
        ([-3], [], CredentialStatus.EXPIRED, "expired 3 days ago"),
        ([-3], [90], CredentialStatus.VALID, "expires in 90 days"),
        ([-9, 400], [-3], CredentialStatus.REFUSED, "refused by Microsoft 5 minutes ago"),
    ],
)
def test_a_refused_secret_is_superseded_by_one_that_works(refused, others, status, text):
    secrets = [
        Credential(
            expires_at=None if d is None else NOW + timedelta(days=d),
            refused_at=NOW - timedelta(minutes=5) if is_refused else None,
        )
        for is_refused, dates in ((True, refused), (False, others))
        for d in dates
    ]
    for order in (secrets, secrets[::-1]):
        state = connection_credential_state(order, NOW)
        assert (state.status, state.text) == (status, text)


def test_the_latest_of_several_refusals_is_reported():
    secrets = [
        Credential(expires_at=NOW + timedelta(days=days), refused_at=NOW - timedelta(hours=hours))
        for days, hours in ((90, 5), (30, 2), (400, 7))
    ]
    assert connection_credential_state(secrets, NOW).text == "refused by Microsoft 2 hours ago"


def test_the_state_begins_to_warn_where_the_setting_says(settings):
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SECRET_WARNING_DAYS": 5}
    secret = Credential(expires_at=NOW + timedelta(days=6))
    assert connection_credential_state([secret], NOW).status is CredentialStatus.VALID


@pytest.mark.django_db
def test_the_state_reads_no_deferred_value():
    CredentialFactory.create(expires_at=NOW + timedelta(days=12))
    secrets = list(Credential.objects.defer("value"))
    with CaptureQueriesContext(database) as queries:
        connection_credential_state(secrets, NOW)
    assert len(queries) == 0
