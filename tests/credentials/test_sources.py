from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from azuread_connections.credentials import sources
from azuread_connections.credentials.report import CredentialLine
from azuread_connections.credentials.status import CredentialStatus

pytestmark = pytest.mark.django_db


def line(client: str) -> CredentialLine:
    return CredentialLine(
        connection="",
        client=client,
        hint="Abc",
        key_id="",
        expires_at=None,
        refused_at=None,
        days_left=None,
        status=CredentialStatus.EXPIRING,
        text="",
        applications=(),
        superseded=False,
    )


def test_a_source_is_asked_once_however_often_it_is_added(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def source(now: datetime, days: int, include_superseded: bool) -> Iterator[CredentialLine]:
        asked.append((days, include_superseded))
        yield line("portal")

    monkeypatch.setattr(sources, "_sources", {})
    sources.add_source("test", source)
    sources.add_source("test", source)
    assert [found.client for found in sources.report(12, include_superseded=True)] == ["portal"]
    assert asked == [(12, True)]
