from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from azuread_connections.management.commands import export_connections as command
from azuread_connections.models import Connection
from tests.factories import ConnectionFactory


def export(*arguments: str) -> str:
    output = io.StringIO()
    call_command("export_connections", *arguments, stdout=output)
    return output.getvalue()


def names(text: str) -> list[str]:
    return [entry["name"] for entry in json.loads(text)]


@pytest.fixture
def companies(db: None) -> None:
    for name in ("Northwind", "contoso", "fabrikam"):
        ConnectionFactory.create(name=name)


@pytest.mark.usefixtures("companies")
def test_all_connections_are_printed_sorted():
    assert names(export()) == ["contoso", "fabrikam", "Northwind"]


@pytest.mark.usefixtures("companies")
def test_named_connections_are_printed_in_any_case():
    assert names(export("northwind", "Contoso", "contoso")) == ["contoso", "Northwind"]


@pytest.mark.usefixtures("companies")
def test_an_unknown_name_stops_it_before_anything_is_printed():
    output = io.StringIO()
    with pytest.raises(CommandError, match="no connection called conto, Tailspin"):
        call_command("export_connections", "contoso", "conto", "Tailspin", stdout=output)
    assert output.getvalue() == ""


@pytest.mark.django_db
def test_without_a_connection_the_list_is_empty():
    assert json.loads(export()) == []


@pytest.mark.usefixtures("companies")
def test_a_file_holds_the_same_and_nothing_is_printed(tmp_path):
    file = tmp_path / "connections.json"
    assert export("--output", str(file)) == ""
    assert file.read_text() == export()
    call_command("import_connections", str(file), "--dry-run", stdout=io.StringIO())


@pytest.mark.usefixtures("companies")
def test_a_failure_half_way_leaves_the_file_of_before(tmp_path, monkeypatch):
    file = tmp_path / "connections.json"
    file.write_text("of before")

    def broken(connections):
        yield {}
        raise DatabaseError("gone")

    monkeypatch.setattr(command, "export_connections", broken)
    with pytest.raises(CommandError, match="gone"):
        export("--output", str(file))
    assert file.read_text() == "of before"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.usefixtures("companies")
def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(CommandError, match=r"none/c\.json cannot be written: No such file"):
        export("--output", str(tmp_path / "none" / "c.json"))


@pytest.mark.usefixtures("companies")
def test_a_device_is_written_to_and_not_replaced():
    export("--output", os.devnull)
    assert not Path(os.devnull).is_file()


@pytest.mark.usefixtures("companies")
def test_what_is_printed_can_be_imported_on_another_site(tmp_path):
    text = export("fabrikam")
    client_id = Connection.objects.get(name="fabrikam").client_id
    Connection.objects.all().delete()
    file = tmp_path / "connections.json"
    file.write_text(text)
    call_command("import_connections", str(file), stdout=io.StringIO())
    assert Connection.objects.get().client_id == client_id
