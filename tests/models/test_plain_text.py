"""Control characters: no form stores them, no import takes them, no terminal is shown them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from azuread_connections.models import Connection, Directory, GroupMapping
from azuread_connections.models.validators import validate_plain_text
from azuread_connections.transfer.exporter import as_json, export_connections
from azuread_connections.transfer.importer import import_connections
from tests.factories import ConnectionFactory
from tests.transfer.entries import GROUP_ID, TENANT_ID, differences, quiet, run

ESCAPE = "\x1b[2J\x1b[31m"


@pytest.mark.parametrize("text", ["A\tB", ESCAPE, "a\nb", "\x00", "\u2028", "\ud800"])
def test_what_is_not_plain(text: str) -> None:
    with pytest.raises(ValidationError, match="cannot be seen"):
        validate_plain_text(text)


@pytest.mark.parametrize("text", ["", "Contoso & “Söhne” コントソ", "a\u200db"])
def test_what_is_plain(text: str) -> None:
    validate_plain_text(text)


@pytest.mark.parametrize(
    ("model", "name", "value"),
    [
        (Connection, "display_name", f"Contoso{ESCAPE}"),
        (Connection, "logo_url", f"https://contoso.com/{ESCAPE}.png"),
        (Connection, "contact_email", '"\x1b"@contoso.com'),
        (Directory, "domain", f"contoso.com{ESCAPE}"),
        (GroupMapping, "label", f"Staff{ESCAPE}"),
    ],
)
def test_no_field_takes_them(model: type[Model], name: str, value: str) -> None:
    with pytest.raises(ValidationError):
        model._meta.get_field(name).clean(value, None)  # type: ignore[union-attr]


@pytest.mark.django_db
def test_what_a_form_accepts_can_be_exported_and_imported(admin_client: Client) -> None:
    connection = ConnectionFactory.create(tenant_id=TENANT_ID)
    directory = connection.directories.get()
    page = reverse("admin:azuread_connections_directory_change", args=[directory.pk])
    for domain in (f"contoso.com{ESCAPE}", "A\tB", "contoso.com"):
        admin_client.post(page, {"domain": domain, "status": "allowed"})
        exported = "".join(as_json(export_connections(Connection.objects.all())))
        import_connections(exported.encode(), dry_run=True)


@pytest.mark.django_db
def test_what_is_stored_already_writes_nothing_on_a_terminal() -> None:
    connection = ConnectionFactory.create(
        name="contoso", display_name=ESCAPE, tenant_id=TENANT_ID, security_groups=True
    )
    connection.directories.update(domain=ESCAPE)
    connection.group_mappings.create(directory_group_id=GROUP_ID, label=ESCAPE)
    own: dict[str, Any] = {
        "directories": [{"tenant_id": TENANT_ID, "domain": "contoso.com"}],
        "group_mappings": [],
    }
    changes = differences(run(quiet(display_name="Contoso", azuread_connections=own), dry_run=True))
    assert len([line for line in changes if "\\u001b[2J" in line]) == 3
    assert not [line for line in changes if "\x1b" in line]
