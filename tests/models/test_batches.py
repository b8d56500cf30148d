from __future__ import annotations

from typing import Any

import pytest

from azuread_connections.models import Application
from azuread_connections.models.batches import delete_in_batches, each_row, in_pages
from tests.factories import ApplicationFactory

pytestmark = pytest.mark.django_db


def test_pages_have_every_row_once(django_assert_num_queries: Any) -> None:
    for number in range(5):
        ApplicationFactory.create(slug=f"app-{number}", name=f"{9 - number}")
    rows = Application.objects.filter(slug__startswith="app-").order_by("-pk")
    keys = sorted(row.pk for row in rows)
    with django_assert_num_queries(3):
        pages = list(in_pages(rows, 2))
    assert [[row.pk for row in page] for page in pages] == [keys[:2], keys[2:4], keys[4:]]
    assert [row.pk for row in each_row(rows, 2)] == keys
    by_slug = in_pages(rows.values("slug", "name"), 3, key="slug")
    assert [[row["name"] for row in page] for page in by_slug] == [["9", "8", "7"], ["6", "5"]]


@pytest.mark.parametrize(("size", "statements"), [(2, 2), (3, 1)])
def test_the_last_page_is_followed_by_a_read_only_if_it_is_full(
    django_assert_num_queries: Any, size: int, statements: int
) -> None:
    for number in range(2):
        ApplicationFactory.create(slug=f"app-{number}")
    rows = Application.objects.filter(slug__startswith="app-")
    with django_assert_num_queries(statements):
        assert [len(page) for page in in_pages(rows, size)] == [2]


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
