from __future__ import annotations

from typing import Any

import pytest

pytest.register_assert_rewrite("tests.concurrency.crowd")

#: Seconds. A crowd within one process keeps its own Microsoft waiting.
TIME_ENOUGH = dict.fromkeys(
    ("CONNECT_TIMEOUT", "READ_TIMEOUT", "TOTAL_TIMEOUT", "CALLBACK_TIMEOUT"), 60
)


@pytest.fixture(autouse=True)
def _a_database_for_all_threads(transactional_db: None, settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | TIME_ENOUGH
