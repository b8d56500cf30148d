from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from azuread_connections.models import (
    Application,
    Connection,
    Directory,
    DomainAlias,
    EnabledConnection,
    GroupMapping,
)
from azuread_connections.transfer import exporter
from azuread_connections.transfer.changes import Action
from azuread_connections.transfer.exporter import as_json, export_connections
from azuread_connections.transfer.importer import ImportResult, import_connections
from azuread_connections.transfer.options import OPTIONS, Option
from tests.factories import ConnectionFactory, CredentialFactory, EnabledConnectionFactory
from tests.transfer.entries import (
    GROUP_ID,
    OTHER_GROUP_ID,
    OTHER_TENANT_ID,
    TENANT_ID,
    differences,
    quiet,
    run,
)

pytestmark = pytest.mark.django_db

#: Fields that a file stores in another form, or that the administrator does not choose.
NOT_OPTIONS = {
    *("id", "name", "name_key", "tenant_id"),
    *("created_at", "updated_at"),
}
TEXTS = {
    "display_name": "Contoso & “Söhne” コントソ",
    "domain": "xn--bcher-kva.example",
    "client_id": "99992222-bbbb-3333-cccc-4444dddd5555",
    "logo_url": "https://contoso.com/logo.png",
    "contact_email": "it@contoso.com",
}


def another_value(option: Option) -> Any:
    """A value for the option's field that is not its default."""
    default = Connection._meta.get_field(option.field).get_default()  # type: ignore[union-attr]
    if option.kind is bool:
        return not default
    if option.kind is list:
        return ["employeeid", "extn.costCenter"]
    if option.kind is int:
        return default + 7
    if option.values is not None:
        return next(value for value in option.values.values() if value != default)
    return TEXTS[option.field]


def exported() -> str:
    return "".join(as_json(export_connections(Connection.objects.all())))


def imported(text: str) -> ImportResult:
    return import_connections(text.encode())


def everything() -> list[dict[str, Any]]:
    """Everything in each connection, except secrets, evidence and database IDs."""
    return [
        {
            "fields": {
                field.name: getattr(connection, field.name)
                for field in Connection._meta.concrete_fields
                if field.name not in {"id", "created_at", "updated_at"}
            },
            "aliases": set(connection.aliases.values_list("domain", "is_primary")),
            "directories": set(connection.directories.values_list("tenant_id", "status", "domain")),
            "mappings": set(
                connection.group_mappings.values_list(
                    "directory_group_id", "role", "group__name", "label", "admits"
                )
            ),
            "applications": set(connection.applications.values_list("slug", flat=True)),
        }
        for connection in Connection.objects.all()
    ]


def full_connection(name: str, **fields: Any) -> Connection:
    """A connection that differs from a new one in every field."""
    connection = ConnectionFactory.create(name=name, tenant_id=TENANT_ID, **fields)
    staff, _ = Group.objects.get_or_create(name="Staff")
    portal, _ = Application.objects.get_or_create(slug="portal", defaults={"name": "Portal"})
    for domain in ("contoso.net", "contoso.org"):
        DomainAlias.objects.create(connection=connection, domain=domain)
    Directory.objects.create(
        connection=connection, tenant_id=OTHER_TENANT_ID, status="refused", domain="fabrikam.com"
    )
    GroupMapping.objects.create(
        connection=connection, directory_group_id=GROUP_ID, group=staff, label="All"
    )
    GroupMapping.objects.create(
        connection=connection, directory_group_id=OTHER_GROUP_ID, admits=True
    )
    GroupMapping.objects.create(connection=connection, role="Orders.Approve", group=staff)
    EnabledConnection.objects.create(connection=connection, application=portal)
    EnabledConnection.objects.create(
        connection=connection, application=Application.objects.get(slug="default")
    )
    return connection


ESCAPE = "\x1b[2J\x1b[31m"


def test_every_field_of_a_connection_has_its_key_in_the_file():
    fields = {field.name for field in Connection._meta.concrete_fields}
    assert fields - NOT_OPTIONS == {option.field for option in OPTIONS}, (
        "add a row to transfer/options.py, or the field to NOT_OPTIONS above"
    )


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.field)
def test_an_option_survives_export_and_import(option):
    fields = {option.field: another_value(option)}
    connection = ConnectionFactory.create(name="contoso", **fields)
    before = everything()
    text = exported()
    connection.delete()
    imported(text)
    assert everything() == before
    assert getattr(Connection.objects.get(), option.field) == fields[option.field]


def test_export_and_import_into_an_empty_database_give_the_same_connections():
    full_connection("contoso", **{option.field: another_value(option) for option in OPTIONS})
    full_connection("fabrikam", security_groups=True, app_roles=True, domain="fabrikam.com")
    ConnectionFactory.create(name="Northwind")
    before, text = everything(), exported()
    assert len(before) == 3
    Connection.objects.all().delete()
    result = imported(text)
    assert everything() == before
    assert {outcome.action for outcome in result.outcomes} == {Action.CREATE}
    assert exported() == text


def test_an_import_of_what_was_just_exported_changes_nothing():
    full_connection("contoso", **{option.field: another_value(option) for option in OPTIONS})
    result = imported(exported())
    assert [outcome.action for outcome in result.outcomes] == [Action.NONE]
    assert result.notes == ()


def test_nothing_of_a_secret_is_exported():
    connection = full_connection("contoso")
    CredentialFactory.create(
        connection=connection, value="Abc8Q~nobody-sees-this-value", key_id="0a1b-key"
    )
    text = exported()
    assert "secret" not in text
    assert "Abc" not in text
    assert "0a1b" not in text


def test_an_entry_has_auth0s_shape():
    connection = full_connection("contoso", display_name="Contoso", security_groups=True)
    (entry,) = json.loads(exported())
    options = entry["options"]
    assert (entry["name"], entry["strategy"], entry["display_name"]) == (
        *("contoso", "waad"),
        "Contoso",
    )
    assert entry["enabled_clients"] == ["default", "portal"]
    assert options["tenant_domain"] == "contoso.com"
    assert options["client_id"] == connection.client_id
    assert options["domain_aliases"] == ["contoso.net", "contoso.org"]
    assert options["identity_api"] == "microsoft-identity-platform-v2.0"
    assert options["set_user_root_attributes"] == "on_each_login"
    assert options["max_groups_to_retrieve"] == "500"
    assert options["basic_profile"] is True
    own = options["azuread_connections"]
    assert own["tenant_id"] == TENANT_ID
    assert own["directories"] == [
        {
            "tenant_id": TENANT_ID,
            "status": "allowed",
            "admitted_by": "own",
            "domain": "contoso.com",
        },
        {
            "tenant_id": OTHER_TENANT_ID,
            "status": "refused",
            "admitted_by": "administrator",
            "domain": "fabrikam.com",
        },
    ]
    admitting = next(each for each in own["group_mappings"] if each["admits"])
    assert admitting == {
        "directory_group_id": OTHER_GROUP_ID,
        "label": "",
        "group": None,
        "admits": True,
    }


def test_connections_come_sorted_by_name_and_pages_meet_without_a_gap_or_a_double(monkeypatch):
    monkeypatch.setattr(exporter, "PAGE_SIZE", 3)
    names = [f"{letter}-company" for letter in "gbCAfeDhi"]
    for name in names:
        EnabledConnectionFactory.create(connection__name=name)
    assert [entry["name"] for entry in export_connections(Connection.objects.all())] == sorted(
        names, key=str.lower
    )


def test_statements_grow_with_pages_and_a_page_is_read_when_it_is_needed(monkeypatch):
    monkeypatch.setattr(exporter, "PAGE_SIZE", 10)
    for number in range(25):
        full_connection(f"c{number}")
    with CaptureQueriesContext(database) as queries:
        entries = export_connections(Connection.objects.all())
        next(entries)
    # The connections of one page, their aliases, directories, mappings, credentials and
    # applications.
    assert len(queries) == 6
    with CaptureQueriesContext(database) as queries:
        assert len(list(entries)) == 24
    assert len(queries) == 12


def test_without_connections_the_export_is_an_empty_list():
    assert json.loads(exported()) == []


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
