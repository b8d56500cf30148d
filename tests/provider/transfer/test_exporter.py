from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from azuread_connections.models import Application
from azuread_connections.provider.models import API, OAuthClient
from azuread_connections.provider.transfer import exporter
from tests.provider.relying_party import RelyingParty
from tests.provider.transfer.documents import (
    DOCUMENT,
    OTHER_SECRET,
    SECRET,
    document,
    export,
    import_file,
)
from tests.provider.transfer.test_importer import rows

pytestmark = pytest.mark.django_db


def test_an_export_imported_changes_nothing(tmp_path: Path) -> None:
    import_file(tmp_path, document(), "--auth0-subjects")
    before = rows()
    printed = import_file(tmp_path, export())
    assert "0 created, 0 updated, 9 unchanged." in printed
    assert rows() == before


def test_an_export_gives_the_same_clients_elsewhere(tmp_path: Path) -> None:
    import_file(tmp_path, document(), "--auth0-subjects")
    first = export()
    OAuthClient.objects.all().delete()
    Application.objects.all().delete()
    API.objects.all().delete()
    import_file(tmp_path, first)
    assert export() == first


def test_a_client_that_was_registered_here_survives_the_round_trip(
    tmp_path: Path, portal: RelyingParty, spa: RelyingParty, machine: RelyingParty
) -> None:
    portal.application.grant_types = ["implicit", "authorization_code", "refresh_token"]
    portal.application.save()
    before = rows()
    printed = import_file(tmp_path, export())
    assert "0 created, 0 updated, 3 unchanged." in printed
    assert rows() == before


def test_the_shape_is_auth0s(tmp_path: Path) -> None:
    import_file(tmp_path, document())
    found = json.loads(export())
    assert list(found) == ["clients", "resourceServers", "clientGrants"]
    by_name = {entry["name"]: entry for entry in found["clients"]}
    for entry in DOCUMENT["clients"][:4]:
        exported = by_name[entry["name"]]
        for key in ("client_id", "app_type", "callbacks", "is_first_party"):
            assert exported[key] == entry.get(key, []), key
    assert by_name["Portal"]["grant_types"] == ["authorization_code", "refresh_token"]
    assert by_name["Portal"]["jwt_configuration"]["lifetime_in_seconds"] == 36_000
    assert by_name["Portal"]["token_endpoint_auth_method"] == "client_secret_post"
    assert by_name["Phone"]["token_endpoint_auth_method"] == "none"
    assert by_name["Portal"]["client_metadata"] == {"team": "sales"}


def test_no_secret_is_exported(tmp_path: Path) -> None:
    import_file(tmp_path, document())
    exported = export()
    assert 'client_secret"' not in exported
    for secret in (SECRET, OTHER_SECRET):
        assert secret[:10] not in exported


def test_some_clients_with_their_apis(tmp_path: Path) -> None:
    import_file(tmp_path, document())
    out = StringIO()
    call_command("export_applications", "phone", stdout=out)
    found = json.loads(out.getvalue())
    assert [entry["name"] for entry in found["clients"]] == ["Phone"]
    assert [entry["name"] for entry in found["resourceServers"]] == ["Orders"]
    assert len(found["clientGrants"]) == 1
    with pytest.raises(CommandError, match="no client with the slug nothing"):
        call_command("export_applications", "phone", "nothing")


def test_pages_are_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import_file(tmp_path, document())
    whole = export()
    monkeypatch.setattr(exporter, "PAGE_SIZE", 1)
    assert export() == whole


def test_nothing_to_export_is_a_valid_file(tmp_path: Path) -> None:
    assert json.loads(export()) == {"clients": [], "resourceServers": [], "clientGrants": []}


def test_a_file_is_written(tmp_path: Path) -> None:
    import_file(tmp_path, document())
    file = tmp_path / "out.json"
    call_command("export_applications", "--output", str(file))
    assert file.read_text() == export()
