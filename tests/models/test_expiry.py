from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from azuread_connections.models.expiry import day_of, start_of_day


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Pacific/Auckland"])
@pytest.mark.parametrize("use_tz", [True, False])
def test_a_date_is_the_start_of_its_day_in_utc_and_back(
    settings: Any, zone: str, use_tz: bool
) -> None:
    settings.USE_TZ = use_tz
    settings.TIME_ZONE = zone
    moment = start_of_day(date(2027, 4, 30))
    assert moment.timestamp() == datetime(2027, 4, 30, tzinfo=UTC).timestamp() or not use_tz
    assert (moment.tzinfo is not None) is use_tz
    assert day_of(moment) == date(2027, 4, 30)
