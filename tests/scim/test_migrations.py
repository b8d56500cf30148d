from __future__ import annotations

from tests.migrations.risks import risks_of


def test_every_operation_that_stops_others_has_a_reason() -> None:
    assert [risk.name for risk in risks_of("azuread_scim") if not risk.reason] == []
