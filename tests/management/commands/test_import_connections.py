from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from azuread_connections.models import Application, Connection, DomainAlias, EnabledConnection

ROOT = Path(__file__).resolve().parents[3]


def entry(name: str, **options: Any) -> dict[str, Any]:
    return {
        "name": name,
        "strategy": "waad",
        "enabled_clients": ["Xk29"],
        "options": {
            "tenant_domain": f"{name}.com",
            "client_id": "11112222-bbbb-3333-cccc-4444dddd5555",
            "client_secret": f"{name[:3]}~a-value-that-nobody-sees",
            **options,
        },
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "connections.json"
    path.write_text(json.dumps([entry("contoso"), entry("fabrikam")]))
    return path


def load(file: Path, *arguments: str) -> str:
    output = io.StringIO()
    call_command("import_connections", str(file), *arguments, stdout=output)
    return output.getvalue()


@pytest.mark.django_db
def test_it_prints_a_line_a_connection_then_notes_then_a_summary(file, microsoft):
    microsoft.add_directory("contoso.com")
    fabrikam = microsoft.add_directory("fabrikam.com")
    Application.objects.create(slug="portal", name="Portal")
    assert load(file, "--application", "Xk29=portal").splitlines() == [
        "contoso: created (Microsoft Azure AD Domain: contoso.com; client ID: "
        "11112222-bbbb-3333-cccc-4444dddd5555; show as button: no; identity API: "
        "Azure Active Directory (v1.0); client secret: con… (no expiry date); "
        "applications: portal)",
        "fabrikam: created (Microsoft Azure AD Domain: fabrikam.com; client ID: "
        "11112222-bbbb-3333-cccc-4444dddd5555; show as button: no; identity API: "
        "Azure Active Directory (v1.0); client secret: fab… (no expiry date); "
        "applications: portal)",
        *(
            f"Note: Entry {entry}: no expiry date (options.client_secret_expires_at): "
            "check_secrets cannot warn before it expires."
            for entry in ("1 (contoso)", "2 (fabrikam)")
        ),
        "2 created, 0 updated, 0 unchanged.",
    ]
    file.write_text(
        json.dumps(
            [
                entry("contoso", app_domain="x"),
                entry("fabrikam", tenant_domain="fabrikam.net"),
                {"name": "people", "strategy": "auth0"},
            ]
        )
    )
    assert load(file, "--application", "Xk29=portal").splitlines() == [
        "contoso: unchanged",
        "fabrikam: updated (Microsoft Azure AD Domain: fabrikam.com → fabrikam.net)",
        "Note: Entry 1 (contoso): not supported, ignored: options.app_domain.",
        "Note: Entry 3 (people): skipped, because its strategy is “auth0”, not “waad”.",
        "Note: Entry 2 (fabrikam): its domain changes, but it stays pinned to the directory "
        f"{fabrikam.tenant_id}.",
        "Note: fabrikam: Microsoft knows no directory with the domain fabrikam.net.",
        "0 created, 1 updated, 1 unchanged, 1 skipped.",
    ]


@pytest.mark.django_db
def test_a_dry_run_is_announced_and_changes_nothing(file):
    output = load(file, "--dry-run")
    assert output.startswith("Dry run: ")
    assert output.endswith("2 created, 0 updated, 0 unchanged.\n")
    assert not Connection.objects.exists()


@pytest.mark.django_db
def test_no_secret_is_printed_nor_part_of_an_error(file):
    assert "nobody-sees" not in load(file)
    file.write_text(json.dumps([entry("contoso", client_secret="nobody-sees this")]))
    with pytest.raises(CommandError) as caught:
        load(file)
    assert "nobody-sees" not in str(caught.value)


@pytest.mark.django_db
def test_several_clients_are_mapped(file):
    for slug in ("portal", "wiki"):
        Application.objects.create(slug=slug, name=slug)
    file.write_text(json.dumps([entry("contoso") | {"enabled_clients": ["Xk29", "id=="]}]))
    load(file, "--application", "Xk29=portal", "--application", "id===wiki")
    assert set(EnabledConnection.objects.values_list("application__slug", flat=True)) == {
        "portal",
        "wiki",
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--application", "Xk29=nope"], "no application with the slug “nope”"),
        (["--application", "Xk29"], "give ID=SLUG"),
        (["--application", "=default"], "give ID=SLUG"),
        (["--application", "a=default", "--application", "a=default"], "given twice"),
    ],
)
def test_a_wrong_mapping_is_refused(file, arguments, words):
    with pytest.raises(CommandError, match=words):
        load(file, *arguments)
    assert not Connection.objects.exists()


@pytest.mark.django_db
def test_mistakes_are_listed_one_a_line(file):
    file.write_text(
        json.dumps(
            [entry("contoso", client_id="x"), entry("fab rikam", tenant_domain="fabrikam.com")]
        )
    )
    with pytest.raises(CommandError) as caught:
        load(file)
    lines = str(caught.value).splitlines()
    assert lines[0] == "2 mistakes."
    assert lines[1].startswith("Entry 1 (contoso), options.client_id: ")
    assert lines[2].startswith("Entry 2 (fab rikam), name: ")
    assert lines[3] == "Nothing was changed."


@pytest.mark.django_db
def test_missing_encryption_keys_are_reported_with_the_remedy(file, settings):
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"ENCRYPTION_KEYS": []}
    with pytest.raises(CommandError, match=r"ENCRYPTION_KEYS.*\n?.*Nothing was changed"):
        load(file)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CommandError, match=r"missing\.json cannot be read: No such file"):
        load(tmp_path / "missing.json")


@pytest.mark.slow
def test_a_real_process_reads_standard_input_and_fails_without_a_traceback(tmp_path):
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "tests.settings"),
    }

    def run(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "django", *arguments],
            cwd=ROOT,
            env=environment,
            input=text,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    assert run("migrate", "-v0", "--skip-checks").returncode == 0
    created = run("import_connections", "-", "--skip-checks", text=json.dumps(entry("contoso")))
    assert (created.returncode, created.stderr) == (0, "")
    assert created.stdout.startswith("contoso: created")

    broken = run("import_connections", "-", "--skip-checks", text='[{"name": ]')
    assert broken.returncode == 1
    assert "line 1, column 11" in broken.stderr
    assert "Traceback" not in broken.stderr


@pytest.mark.django_db
def test_it_asks_whose_the_domains_are_of_what_has_changed(tmp_path, microsoft):
    contoso = microsoft.add_directory("contoso.com", domains=["contoso.net"])
    file = tmp_path / "connections.json"
    file.write_text(json.dumps([entry("contoso", domain_aliases=["contoso.net", "x.example"])]))
    assert "Note: contoso: Microsoft knows no directory with the domain x.example." in load(file)
    verified = DomainAlias.objects.verified()
    assert {row.domain for row in verified} == {"contoso.com", "contoso.net"}
    assert Connection.objects.get().tenant_id == contoso.tenant_id
    assert microsoft.count("discovery") == 3
    assert "x.example" not in load(file)
    load(file, "--dry-run")
    assert microsoft.count("discovery") == 3


@pytest.mark.django_db
def test_an_unreachable_microsoft_is_reported_once_and_the_import_is_kept(file, microsoft):
    microsoft.fault("discovery", status=503, times=None)
    output = load(file)
    assert output.count("Microsoft could not be asked") == 1
    assert microsoft.count("discovery") == 1
    assert Connection.objects.count() == 2
    assert not DomainAlias.objects.verified().exists()
