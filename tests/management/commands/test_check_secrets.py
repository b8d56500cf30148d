from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.utils import timezone

from azuread_connections.management.commands import check_secrets
from azuread_connections.models import Application, Connection, Credential, EnabledConnection
from azuread_connections.models.expiry import start_of_day
from tests.company import Company
from tests.factories import CredentialFactory
from tests.mail import set_admins

ROOT = Path(__file__).resolve().parents[3]


def add(name: str, *days: int | None, application: str = "portal") -> None:
    """A connection with a secret for each number of days, None for one without a date."""
    connection = Connection.objects.create(
        name=name, domain="contoso.com", client_id="11112222-bbbb-3333-cccc-4444dddd5555"
    )
    if application:
        row, _ = Application.objects.get_or_create(slug=application, defaults={"name": application})
        EnabledConnection.objects.create(connection=connection, application=row)
    for number, count in enumerate(days):
        Credential.objects.create(
            connection=connection,
            value=f"{number}x~value-that-nobody-sees",
            key_id="0a1b",
            expires_at=None if count is None else timezone.now() + timedelta(days=count, minutes=1),
        )


def check(*arguments: str) -> tuple[int, str]:
    """Run it and return its exit status and what it printed."""
    output = io.StringIO()
    try:
        call_command("check_secrets", *arguments, stdout=output)
    except SystemExit as stop:
        return int(stop.code or 0), output.getvalue()
    return 0, output.getvalue()


STATES = {
    "nothing": [],
    "valid": [90],
    "undated": [None],
    "expiring": [12],
    "expired": [-3],
    "superseded": [-3, 90],
}


END = datetime(2027, 5, 1, 10, tzinfo=UTC)


@pytest.fixture
def readable(contoso: Company) -> Company:
    contoso.app.grant(contoso.directory, application=["Application.Read.All"])
    contoso.app.secrets[0].expires_at = END.timestamp()
    return contoso


@pytest.fixture
def admins(settings: Any) -> None:
    set_admins(settings, "lidia@contoso.com")


def expire_in(days: float) -> None:
    Credential.objects.update(expires_at=timezone.now() + timedelta(days=days))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "failing_levels"),
    [
        ("valid", set()),
        ("superseded", set()),
        ("undated", {"unknown"}),
        ("expiring", {"unknown", "expiring"}),
        ("expired", {"unknown", "expiring", "expired"}),
        ("nothing", {"unknown", "expiring", "expired"}),
    ],
)
@pytest.mark.parametrize("level", ["expired", "expiring", "unknown", "never"])
@pytest.mark.parametrize("layout", ["text", "json"])
def test_fail_on_is_cumulative(state, failing_levels, level, layout):
    add("contoso", *STATES[state])
    status, _output = check("--fail-on", level, "--format", layout, "--all")
    assert status == (1 if level in failing_levels else 0)


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "status"), [(-3, 1), (12, 1), (None, 0), (90, 0)])
def test_by_default_it_fails_on_expired_and_expiring(days, status):
    add("contoso", days)
    assert check()[0] == status


@pytest.mark.django_db
def test_a_connection_without_a_secret_fails_only_once_an_application_uses_it():
    add("contoso", application="")
    status, output = check("--fail-on", "expiring")
    assert status == 0
    assert "no secret" in output
    assert check("--fail-on", "unknown")[0] == 1


@pytest.mark.django_db
def test_days_widen_and_narrow_the_report():
    add("contoso", 12)
    assert check("--days", "5") == (0, "All secrets are fine.\n")
    assert check("--days", "12")[0] == 1


@pytest.mark.django_db
def test_the_text_has_one_aligned_line_a_secret_and_a_summary():
    add("contoso", 12)
    add("fabrikam-international", -3, application="wiki")
    add("northwind", None)
    status, output = check()
    lines = output.splitlines()
    assert status == 1
    assert [line.split()[0] for line in lines[:3]] == [
        "fabrikam-international",
        "contoso",
        "northwind",
    ]
    assert len({line.index("…") for line in lines[:3]}) == 1
    assert "expired 3 days ago" in lines[0]
    assert lines[0].endswith("wiki")
    assert lines[2].split() == [
        *("northwind", "0x~…", "-", "no", "expiry", "date", "recorded", "portal")
    ]
    assert lines[3] == "1 expired, 1 expiring, 1 without an expiry date."
    assert "\x1b" not in output


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Auckland"])
def test_a_date_is_printed_as_it_was_typed(zone):
    add("contoso")
    day = (timezone.now() + timedelta(days=12)).astimezone(UTC).date()
    Credential.objects.create(
        connection=Connection.objects.get(), value="0x~value", expires_at=start_of_day(day)
    )
    with timezone.override(zone):
        assert f"  {day}  expires in 12 days  " in check()[1]


@pytest.mark.django_db
def test_colours_are_used_where_they_are_forced():
    add("contoso", -3)
    assert "\x1b[" in check("--force-color")[1]


@pytest.mark.django_db
def test_all_shows_superseded_secrets_and_is_content():
    add("contoso", -3, 90)
    assert check() == (0, "All secrets are fine.\n")
    status, output = check("--all")
    assert status == 0
    assert "expired 3 days ago, superseded" in output
    assert output.endswith("All secrets are fine.\n")


@pytest.mark.django_db
def test_json_is_a_list_of_objects():
    add("contoso", 12)
    add("fabrikam", None, application="")
    status, output = check("--format", "json")
    first, second = json.loads(output)
    expires_at = Credential.objects.get(connection__name="contoso").expires_at
    assert status == 1
    assert first == {
        "connection": "contoso",
        "kind": "secret",
        "hint": "0x~",
        "key_id": "0a1b",
        "expires_at": expires_at.astimezone(UTC).isoformat(),
        "refused_at": None,
        "days_left": 12,
        "status": "expiring",
        "applications": ["portal"],
        "superseded": False,
    }
    assert (second["expires_at"], second["days_left"], second["status"]) == (None, None, "unknown")
    assert "nobody-sees" not in output


@pytest.mark.django_db
def test_a_refused_secret_fails_as_an_expired_one_does_and_says_when():
    add("contoso", 90)
    refused_at = timezone.now() - timedelta(minutes=3, seconds=5)
    Credential.objects.update(refused_at=refused_at)
    status, output = check("--fail-on", "expired")
    assert status == 1
    assert "refused by Microsoft 3 minutes ago" in output
    assert output.endswith("1 refused.\n")
    ((entry),) = json.loads(check("--format", "json")[1])
    assert entry["status"] == "refused"
    assert entry["refused_at"] == refused_at.astimezone(UTC).isoformat()
    assert check("--fail-on", "never")[0] == 0


@pytest.mark.django_db
def test_json_without_secrets_is_an_empty_list():
    status, output = check("--format", "json")
    assert (status, json.loads(output)) == (0, [])


@pytest.mark.django_db
def test_json_times_carry_their_zone_without_time_zone_support_too(settings):
    settings.USE_TZ = False
    settings.TIME_ZONE = "Europe/Berlin"
    add("contoso", 12)
    ((entry),) = json.loads(check("--format", "json")[1])
    assert entry["expires_at"].endswith("+00:00")


@pytest.mark.parametrize("days", ["-1", "soon", "1e3", "999999999999"])
def test_a_wrong_number_of_days_is_refused(days):
    with pytest.raises(CommandError, match="number of days"):
        check(f"--days={days}")


def test_a_database_error_is_one_sentence_and_status_2(monkeypatch):
    def broken(*args: object, **options: object) -> None:
        raise DatabaseError("no such table\nLINE 1: SELECT")

    monkeypatch.setattr(check_secrets, "report", broken)
    with pytest.raises(CommandError, match=r"checked: no such table$") as caught:
        check()
    assert caught.value.returncode == 2


def run(database: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{database}",
        "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "tests.settings"),
    }
    return subprocess.run(
        [sys.executable, "-m", "django", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_a_real_process_ends_with_the_promised_status(tmp_path):
    database = tmp_path / "db.sqlite3"

    without_tables = run(database, "check_secrets", "--format", "json")
    assert without_tables.returncode == 2
    assert without_tables.stdout == ""
    assert len(without_tables.stderr.splitlines()) == 1
    assert "Traceback" not in without_tables.stderr

    asked_for = run(database, "check_secrets", "--traceback")
    assert asked_for.returncode == 2
    assert "Traceback" in asked_for.stderr

    wrong = run(database, "check_secrets", "--format", "xml")
    assert wrong.returncode == 2

    assert run(database, "migrate", "-v0", "--skip-checks").returncode == 0
    fine = run(database, "check_secrets")
    assert (fine.returncode, fine.stdout, fine.stderr) == (0, "All secrets are fine.\n", "")

    entry = (
        '{"name": "contoso", "strategy": "waad", "enabled_clients": ["default"], "options": '
        '{"tenant_domain": "contoso.com", "client_id": "11112222-bbbb-3333-cccc-4444dddd5555"}}'
    )
    (tmp_path / "file.json").write_text(entry)
    assert run(database, "import_connections", str(tmp_path / "file.json")).returncode == 0
    found = run(database, "check_secrets")
    assert (found.returncode, found.stderr) == (1, "")
    assert found.stdout.startswith("contoso")


@pytest.mark.django_db
def test_the_command_does_all_three_and_then_reports(
    readable: Company, admins: None, capsys: pytest.CaptureFixture[str]
) -> None:
    readable.app.secrets[0].expires_at = (datetime.now(UTC) + timedelta(days=5.5)).timestamp()
    CredentialFactory.create(connection=readable.connection, value="wrong-secret")
    with pytest.raises(SystemExit) as exited:
        call_command("check_secrets", "--sync", "--verify", "--email", "--format", "json")
    assert exited.value.code == 1
    printed = capsys.readouterr()
    # The refused one does not matter if another one works.
    assert [line["status"] for line in json.loads(printed.out)] == ["expiring"]
    assert "7000215" in printed.err
    assert "1 notice sent." in printed.err
    assert len(mail.outbox) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("option", ["--sync", "--verify", "--email"])
def test_what_could_not_be_asked_or_sent_is_a_failed_check(
    contoso: Company, settings: Any, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    """Status 1 would say that a secret was found, 0 that there is nothing to do."""
    settings.ADMINS = []
    expire_in(20 if option == "--email" else 300)
    contoso.microsoft.fault("token", status=503)
    with pytest.raises(SystemExit) as exited:
        call_command("check_secrets", option, "--days=5")
    assert exited.value.code == 2
    out = capsys.readouterr().out
    assert ("All secrets are fine." in out) == (option == "--email")


@pytest.mark.django_db
def test_what_was_found_goes_before_what_could_not_be_asked(
    contoso: Company, capsys: pytest.CaptureFixture[str]
) -> None:
    expire_in(5)
    contoso.microsoft.fault("token", status=503)
    with pytest.raises(SystemExit) as exited:
        call_command("check_secrets", "--verify")
    assert exited.value.code == 1
