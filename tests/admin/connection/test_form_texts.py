"""The help texts next to a connection's options."""

from __future__ import annotations

from typing import Any

from django.test import Client

from azuread_connections.models import Connection
from tests.admin.pages import ADD, change_page, text


def test_what_the_extended_profile_brings_is_listed(boss: Client) -> None:
    page = text(boss.get(ADD))
    for name in ("job title", "department", "preferred language", "employee id"):
        assert name in page


def test_the_governed_fields_are_shown_with_those_that_users_lack(
    boss: Client, connection: Connection, settings: Any
) -> None:
    page = text(boss.get(change_page(connection)))
    assert "first_name ← given_name" in page
    assert "no such field" not in page
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "USER_FIELDS": {"phone_number": "mobile"}
    }
    page = text(boss.get(change_page(connection)))
    assert "phone_number ← mobile (this site's users have no such field)" in page


def test_the_conditions_of_linking_are_said(boss: Client) -> None:
    page = text(boss.get(ADD))
    for words in (
        "claim “email”",
        "not a guest",
        "neither staff nor superuser",
        "not even through a group",
        "open sessions",
        "This app cannot check that the user's stored address is really theirs",
    ):
        assert words in page
