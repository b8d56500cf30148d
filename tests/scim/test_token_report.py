"""SCIM tokens in ``check_secrets``."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from azuread_connections.models import Connection
from azuread_connections.scim import tokens
from azuread_connections.scim.models import ScimToken
from tests.factories import CredentialFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_valid_credential(connection: Connection) -> None:
    CredentialFactory(connection=connection, expires_at=timezone.now() + timedelta(days=300))


def check(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    status = 0
    try:
        call_command("check_secrets", *arguments, stdout=out, stderr=StringIO())
    except SystemExit as ended:
        status = int(ended.code or 0)
    return status, out.getvalue()


def create(connection: Connection, days: float | None) -> str:
    end = None if days is None else timezone.now() + timedelta(days=days)
    return tokens.create(connection, expires_at=end)[1]


@pytest.mark.parametrize(
    ("days", "status", "text"),
    [
        (None, 0, "All secrets are fine."),
        (31.5, 0, "All secrets are fine."),
        (5, 1, "expires in 5 days"),
        (-2, 1, "expired 2 days ago"),
    ],
)
def test_a_token_that_ends_is_reported(
    connection: Connection, days: float | None, status: int, text: str
) -> None:
    value = create(connection, days)
    found = check()
    assert found[0] == status
    assert text in found[1]
    assert value not in found[1]
    if status:
        assert f"contoso  {value[:11]}…" in found[1]


def test_json_names_the_kind(connection: Connection) -> None:
    create(connection, 5)
    (line,) = json.loads(check("--format", "json")[1])
    assert (line["connection"], line["kind"], line["status"]) == (
        "contoso",
        "scim_token",
        "expiring",
    )


def test_a_token_that_a_longer_one_replaces_is_superseded(connection: Connection) -> None:
    create(connection, 5)
    create(connection, None)
    assert check()[0] == 0
    assert "superseded" in check("--all")[1]


def test_a_notice_is_sent_once_per_threshold(connection: Connection, settings: Any) -> None:
    settings.ADMINS = [("Admin", "admin@example.com")]
    create(connection, 6)
    for _number in range(2):
        check("--email")
    (sent,) = mail.outbox
    assert "contoso, SCIM token azscim_" in str(sent.body)
    assert "Secret Token" in str(sent.body)
    assert "client secret" not in str(sent.body)
    ScimToken.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    check("--email")
    assert len(mail.outbox) == 2


def test_a_notice_that_reached_nobody_is_not_marked(connection: Connection, settings: Any) -> None:
    settings.ADMINS = []
    create(connection, 6)
    check("--email")
    assert ScimToken.objects.get().last_notice_days is None
