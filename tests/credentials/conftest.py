from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any

import pytest
from django.utils import timezone


@pytest.fixture
def _in_utc(settings: Any) -> Iterator[None]:
    settings.TIME_ZONE = "UTC"
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SECRET_WARNING_DAYS": 30}
    with timezone.override(UTC):
        yield
