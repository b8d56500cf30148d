from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from azuread_connections import observation
from azuread_connections.models import Connection
from azuread_connections.scim.models import ScimToken
from azuread_connections.scim.provisioning_states import provisioning_states
from tests.factories import ConnectionFactory

pytestmark = pytest.mark.django_db


def use(connection: Connection, days_ago: float | None, *, days_left: float | None = None) -> None:
    """Create a token of a connection that was used and ends so many days from now."""
    now = timezone.now()
    ScimToken.objects.create(
        connection=connection,
        token_hash=f"{ScimToken.objects.count():064}",
        last_used_at=None if days_ago is None else now - timedelta(days_ago),
        expires_at=None if days_left is None else now + timedelta(days_left),
    )


def test_the_connection_that_has_been_silent_longest_comes_first() -> None:
    contoso, fabrikam, northwind = (
        ConnectionFactory.create(name=name) for name in ("contoso", "fabrikam", "northwind")
    )
    use(contoso, 1)
    use(contoso, 9)
    use(fabrikam, 5)
    use(northwind, None)
    found = provisioning_states(10)
    assert [each.connection for each in found] == ["fabrikam", "contoso", "northwind"]
    assert found[1].last_request is not None
    assert timezone.now() - found[1].last_request < timedelta(2)
    assert found[2].last_request is None
    assert provisioning_states(1) == found[:1]


def test_the_last_end_counts_and_a_token_without_one_has_none() -> None:
    contoso, fabrikam = (ConnectionFactory.create(name=name) for name in ("contoso", "fabrikam"))
    use(contoso, 1, days_left=3)
    use(contoso, 1, days_left=30)
    use(fabrikam, 1, days_left=3)
    use(fabrikam, 1)
    ends = {each.connection: each.ends_at for each in provisioning_states(10)}
    assert ends["contoso"] is not None
    assert timedelta(29) < ends["contoso"] - timezone.now() < timedelta(31)
    assert ends["fabrikam"] is None


def test_a_token_that_ends_soon_comes_before_silence() -> None:
    """At the bound of the metrics, the last ones are left out."""
    days_left = {"silent": None, "in-20-days": 20, "in-3-days": 3, "in-31-days": 31, "ended": -1}
    for name, days in days_left.items():
        use(ConnectionFactory.create(name=name), 9 if name == "silent" else None, days_left=days)
    found = [each.connection for each in provisioning_states(10)]
    assert found == ["ended", "in-3-days", "in-20-days", "silent", "in-31-days"]


def test_a_second_token_without_an_end_is_no_reason_for_attention() -> None:
    contoso, fabrikam = (ConnectionFactory.create(name=name) for name in ("contoso", "fabrikam"))
    use(contoso, 1, days_left=3)
    use(contoso, 1)
    use(fabrikam, 5)
    assert [each.connection for each in provisioning_states(10)] == ["fabrikam", "contoso"]


def test_it_is_one_statement(django_assert_num_queries: object) -> None:
    use(ConnectionFactory.create(), 1)
    with django_assert_num_queries(1):  # type: ignore[operator]
        provisioning_states(10)


def test_the_metrics_find_it() -> None:
    assert observation.provisioning["azuread_scim"] is provisioning_states
