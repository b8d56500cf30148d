from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from azuread_connections import observation
from azuread_connections.models import Connection
from azuread_connections.scim.last_requests import last_requests
from azuread_connections.scim.models import ScimToken
from tests.factories import ConnectionFactory

pytestmark = pytest.mark.django_db


def use(connection: Connection, days_ago: float | None) -> None:
    moment = None if days_ago is None else timezone.now() - timedelta(days_ago)
    ScimToken.objects.create(
        connection=connection, token_hash=f"{ScimToken.objects.count():064}", last_used_at=moment
    )


def test_the_connection_that_has_been_silent_longest_comes_first() -> None:
    contoso, fabrikam, northwind = (
        ConnectionFactory.create(name=name) for name in ("contoso", "fabrikam", "northwind")
    )
    use(contoso, 1)
    use(contoso, 9)
    use(fabrikam, 5)
    use(northwind, None)
    found = last_requests(10)
    assert [name for name, _ in found] == ["fabrikam", "contoso"]
    assert timezone.now() - found[1][1] < timedelta(2)
    assert last_requests(1) == found[:1]


def test_it_is_one_statement(django_assert_num_queries: object) -> None:
    use(ConnectionFactory.create(), 1)
    with django_assert_num_queries(1):  # type: ignore[operator]
        last_requests(10)


def test_the_metrics_find_it() -> None:
    assert observation.provisioning["azuread_scim"] is last_requests
