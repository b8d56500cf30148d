from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.concurrency.databases import shared_database

pytest.register_assert_rewrite("tests.concurrency.crowd")

#: Seconds. A crowd within one process keeps its own Microsoft waiting.
TIME_ENOUGH = dict.fromkeys(
    ("CONNECT_TIMEOUT", "READ_TIMEOUT", "TOTAL_TIMEOUT", "CALLBACK_TIMEOUT"), 60
)


@pytest.fixture(autouse=True)
def _one_database_for_all_threads(
    transactional_db: None, tmp_path: Path, settings: Any
) -> Iterator[None]:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | TIME_ENOUGH
    with shared_database(tmp_path):
        yield
