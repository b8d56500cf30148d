"""The options on the page of a connection: each is stored and shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from azuread_connections.models import Application, Connection
from tests.admin.pages import ADD, change_page, field_errors, filled_in, text


@pytest.mark.parametrize(
    ("field", "value", "stored"),
    [
        ("use_common_endpoint", "on", True),
        ("new_directories", "listed", "listed"),
        ("identity_api", "v1.0", "v1.0"),
        ("prompt", "select_account", "select_account"),
        ("prompt", "login", "login"),
        ("extended_profile", "on", True),
        ("security_groups", "on", True),
        ("max_groups", "250", 250),
        ("enable_users_api", "on", True),
        ("sync_profile", "never", "never"),
        ("link_by_email", "on", True),
    ],
)
def test_each_option_is_stored(
    boss: Client, connection: Connection, field: str, value: str, stored: Any
) -> None:
    data = filled_in(connection, **{field: value})
    assert boss.post(change_page(connection), data).status_code == 302
    connection.refresh_from_db()
    assert getattr(connection, field) == stored


@pytest.mark.parametrize(
    "field", ["discover_domain", "show_as_button", "create_users", "allow_guests"]
)
def test_each_option_is_taken_away(boss: Client, connection: Connection, field: str) -> None:
    data = filled_in(connection)
    del data[field]
    assert boss.post(change_page(connection), data).status_code == 302
    connection.refresh_from_db()
    assert getattr(connection, field) is False


def test_a_new_connection_holds_new_directories(boss: Client, application: Application) -> None:
    form = boss.get(ADD).context["adminform"].form
    assert form["new_directories"].value() == "hold"
    assert form["link_by_email"].value() is False


def test_nested_groups_need_security_groups(boss: Client, connection: Connection) -> None:
    data = filled_in(connection, nested_groups="on")
    errors = field_errors(boss.post(change_page(connection), data))
    assert errors == {"nested_groups": ["Nested groups need “Security Groups” too."]}
    data = filled_in(connection, nested_groups="on", security_groups="on")
    assert boss.post(change_page(connection), data).status_code == 302
    connection.refresh_from_db()
    assert connection.nested_groups


def test_a_connection_enabled_nowhere_says_so_first(boss: Client, connection: Connection) -> None:
    warning = "Enabled for applications: Not enabled for any application"
    assert warning not in text(boss.get(change_page(connection)))
    connection.applications.clear()
    page = text(boss.get(change_page(connection)))
    assert page.index(warning) < page.index("Callback URL")


def test_who_may_only_look_sees_the_options(
    staff: Callable[..., Client], connection: Connection
) -> None:
    connection.aliases.create(domain="contoso.de")
    response = staff("view_connection").get(change_page(connection))
    page = text(response)
    for words in ("contoso.de", "Use common endpoint", "Groups to keep", "first_name"):
        assert words in page
    html = response.content.decode()
    for name in ("domain_aliases", "cloud", "link_by_email", "group_mappings-0-group"):
        assert f'name="{name}"' not in html
