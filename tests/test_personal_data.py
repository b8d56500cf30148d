"""docs/personal-data.md: what its steps delete, and what stays until they are done."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from azuread_connections.models import Event, GroupGrant, Identity
from tests.company import Company

pytestmark = pytest.mark.django_db
PAGE = Path(__file__).resolve().parent.parent / "docs" / "personal-data.md"


def commands(identity: Identity) -> str:
    """Return the page's first block of commands, for this person."""
    block = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    lines = "\n".join(line.strip() for line in block[1].splitlines())
    ids = {"tenant_id": identity.tenant_id, "object_id": identity.object_id}
    for name, value in ids.items():
        assert f'{name}="…"' in lines
        lines = lines.replace(f'{name}="…"', f'{name}="{value}"')
    return lines


def test_the_pages_commands_delete_a_person_and_nobody_else(
    contoso: Company, client: Client
) -> None:
    contoso.sign_in(client)
    contoso.sign_in(Client(), contoso.directory.add_person("Megan Bowen"))
    identity = Identity.objects.get(object_id=contoso.person.object_id)
    GroupGrant.objects.create(
        identity=identity,
        connection=contoso.connection,
        group=Group.objects.create(name="Sales"),
    )
    exec(commands(identity), {})
    identity.user.delete()
    assert client.get("/login/profile").status_code == 401
    assert not GroupGrant.objects.exists()
    for rows in (get_user_model().objects, Identity.objects, Event.objects):
        assert len(rows.all()) == 1
    kept = Event.objects.get()
    assert kept.identity == Identity.objects.get()


def test_a_deleted_user_is_still_in_the_log(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    identity = Identity.objects.get()
    identity.user.delete()
    assert not Identity.objects.exists()
    event = Event.objects.get()
    assert event.identity is None
    assert event.person == identity.login_name
