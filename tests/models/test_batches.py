from __future__ import annotations

from typing import Any

import pytest

from azuread_connections.models import Application
from azuread_connections.models.batches import delete_in_batches
from tests.factories import ApplicationFactory

pytestmark = pytest.mark.django_db


def test_all_are_deleted_a_batch_at_a_time(django_assert_num_queries: Any) -> None:
    ApplicationFactory.create(slug="kept")
    for number in range(5):
        ApplicationFactory.create(slug=f"old-{number}")
    rows = Application.objects.filter(slug__startswith="old-").order_by("pk")
    assert delete_in_batches(rows, 2) == 5
    assert not rows.exists()
    assert Application.objects.filter(slug="kept").exists()
    with django_assert_num_queries(1):
        assert delete_in_batches(rows, 2) == 0
