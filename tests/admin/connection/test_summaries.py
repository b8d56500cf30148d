"""What a closed section says is set."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from azuread_connections.admin.connection.consent import Box, needs
from azuread_connections.admin.connection.summaries import consent_summary, summaries
from azuread_connections.models import Connection
from tests.admin.conftest import CLIENT_ID, SECRET

pytestmark = pytest.mark.django_db


def test_a_plain_connection(connection: Connection) -> None:
    assert summaries(connection) == {
        "general": "contoso.com",
        "credentials": f"{CLIENT_ID}; no secret",
        "options": "Microsoft identity platform (v2.0); only its own directory",
        "attributes": "Basic Profile; synced at each login",
        "people": "new users are created; guests can sign in",
        "applications": "Default App; shown as a button",
    }


def test_everything_that_is_set_is_named(connection: Connection) -> None:
    connection.aliases.create(domain="contoso.net")
    for days in (200, 100):
        connection.credentials.create(
            value=f"{SECRET}{days}", expires_at=timezone.now() + timedelta(days=days)
        )
    connection.group_mappings.create(directory_group_id=connection.tenant_id)
    connection.cloud = Connection.Cloud.CHINA
    connection.use_common_endpoint = True
    connection.sync_profile = Connection.SyncProfile.NEVER
    for name in ("extended_profile", "security_groups", "nested_groups", "enable_users_api"):
        setattr(connection, name, True)
    connection.create_users, connection.allow_guests = False, False
    connection.link_by_email, connection.show_as_button = True, False
    assert summaries(connection) == {
        "general": "contoso.com; 1 alias; China (21Vianet)",
        "credentials": f"{CLIENT_ID}; 2 credentials: expires in 200 days",
        "options": "Microsoft identity platform (v2.0); common endpoint, new directories: "
        "Hold them until an administrator approves",
        "attributes": "Basic Profile, Extended Profile, Security Groups, Nested groups, Users API; "
        "never synced",
        "people": "no new users; no guests; existing users are linked by email; 1 group mapping",
        "applications": "Default App; no button",
    }


@pytest.mark.parametrize(
    ("prompt", "words"),
    [("select_account", "asks which account to use"), ("login", "asks to sign in again")],
)
def test_the_prompt_is_named_where_there_is_one(
    connection: Connection, prompt: str, words: str
) -> None:
    connection.prompt = prompt
    assert summaries(connection)["options"].endswith(f"only its own directory; {words}")


def test_no_summary_holds_a_secret(connection: Connection) -> None:
    connection.credentials.create(value=SECRET)
    assert SECRET[:8] not in " ".join(summaries(connection).values())


def test_enabled_nowhere(connection: Connection) -> None:
    connection.applications.clear()
    assert summaries(connection)["applications"] == "none: nobody can use it"


def test_consent_is_counted(connection: Connection) -> None:
    assert (
        consent_summary(Box([], "", "", may_ask=True, is_unfinished=False)) == "usually not needed"
    )
    connection.security_groups = True
    connection.directories.update_or_create(
        tenant_id=connection.tenant_id,
        defaults={"delegated_scopes": "User.Read", "delegated_since": timezone.now()},
    )
    box = Box(needs(connection), "", "", may_ask=True, is_unfinished=False)
    assert consent_summary(box) == "1 of 2 permissions confirmed"
