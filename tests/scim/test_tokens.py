from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from azuread_connections.models import Connection
from azuread_connections.scim import tokens
from azuread_connections.scim.models import ScimToken
from tests.factories import ConnectionFactory

pytestmark = pytest.mark.django_db


def test_a_token_has_256_random_bits_and_a_recognisable_beginning(connection: Connection) -> None:
    values = {tokens.create(ConnectionFactory())[1] for _number in range(5)}
    assert len(values) == 5
    assert all(value.startswith("azscim_") and len(value) == 7 + 43 for value in values)


def test_only_the_hash_and_four_characters_are_stored(connection: Connection) -> None:
    stored, value = tokens.create(connection, created_by="alex")
    row = ScimToken.objects.filter(pk=stored.pk).values().get()
    assert value[:11] in str(stored)
    assert not [text for text in map(str, row.values()) if value[7:12] in text]
    assert row["created_by_name"] == "alex"


def test_a_third_token_is_refused_with_advice(connection: Connection) -> None:
    kept = [tokens.create(connection)[1] for _number in range(2)]
    with pytest.raises(ValidationError, match="Remove the one"):
        tokens.create(connection)
    assert all(tokens.find(value) for value in kept)
    tokens.create(ConnectionFactory())


def test_a_removed_token_makes_room(connection: Connection) -> None:
    first = tokens.create(connection)
    tokens.create(connection)
    first[0].delete()
    tokens.create(connection)
    assert tokens.find(first[1]) is None


def test_an_expired_token_is_found_so_that_the_log_can_say_so(connection: Connection) -> None:
    end = timezone.now() - timedelta(seconds=1)
    value = tokens.create(connection, expires_at=end)[1]
    found = tokens.find(value)
    assert found is not None
    assert found.is_expired()


@pytest.mark.parametrize("value", ["", "azscim_", "x", "azscim_" + "x" * 300, "azscim_ü", "\x00"])
def test_what_cannot_be_a_token_costs_no_query(
    value: str, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert tokens.find(value) is None
