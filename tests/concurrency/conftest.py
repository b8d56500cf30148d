from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.concurrency.databases import shared_database

pytest.register_assert_rewrite("tests.concurrency.crowd")


@pytest.fixture(autouse=True)
def _one_database_for_all_threads(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    with shared_database(tmp_path):
        yield
