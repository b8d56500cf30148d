from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from azuread_connections.models import Connection
from azuread_connections.scim import tokens
from azuread_connections.scim.models import ScimToken

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("create_scim_token", *arguments, stdout=out)
    return out.getvalue()


def test_the_token_is_printed_once_with_the_base_address(
    connection: Connection, settings: Any
) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "PUBLIC_URL": "https://app.example.com"
    }
    base, shown = run("Contoso").splitlines()
    assert base == "base_address=https://app.example.com/scim/contoso/v2"
    assert tokens.find(shown.removeprefix("token=")) is not None


def test_days_give_it_an_end(connection: Connection) -> None:
    printed = json.loads(run("contoso", "--days", "90", "--json"))
    end = ScimToken.objects.get().expires_at
    assert end is not None
    assert 89 <= (end - timezone.now()).days <= 90
    assert printed["expires_at"] == end.isoformat()
    assert tokens.find(printed["token"]) is not None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["nobody"], "no connection"), (["contoso", "--days", "0"], "at least 1")],
)
def test_what_cannot_be_done_is_said(
    connection: Connection, arguments: list[str], message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        run(*arguments)
    assert not ScimToken.objects.exists()


def test_a_third_token_is_refused(connection: Connection) -> None:
    run("contoso")
    run("contoso")
    with pytest.raises(CommandError, match="2 tokens already"):
        run("contoso")
