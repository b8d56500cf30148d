from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.utils import timezone

from azuread_connections.credentials import rotation_plan
from azuread_connections.credentials.rotation_step import waiting_step
from azuread_connections.models import Credential, Event
from tests.company import Company
from tests.credentials.rotating import allow, assert_all_work, know_key_ids
from tests.factories import ConnectionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def allowed(contoso: Company) -> Company:
    allow(contoso)
    know_key_ids(contoso)
    return contoso


def run(*arguments: str) -> tuple[str, int]:
    """Return what the command prints, and its exit status."""
    out = io.StringIO()
    try:
        call_command("rotate_secrets", *arguments, stdout=out)
    except SystemExit as error:
        return out.getvalue(), int(str(error.code))
    return out.getvalue(), 0


def test_what_ends_soon_is_rotated(allowed: Company) -> None:
    text, status = run()
    assert status == 0
    assert "contoso: Microsoft accepts" in text
    assert allowed.app.secrets[1].value not in text
    assert_all_work(allowed)
    assert run() == ("Nothing is due.\n", 0)


def test_within_says_how_soon(allowed: Company) -> None:
    assert run("--within", "9") == ("Nothing is due.\n", 0)
    assert run("--within", "10")[0] != "Nothing is due.\n"


def test_keep_says_how_long_the_old_one_stays(allowed: Company) -> None:
    run()
    Credential.objects.exclude(replaced_at=None).update(
        replaced_at=timezone.now() - timedelta(days=3)
    )
    assert run() == ("Nothing is due.\n", 0)
    text, status = run("--keep", "3")
    assert "is removed here and in Azure" in text
    assert status == 0
    assert allowed.connection.credentials.count() == 1


def test_only_the_named_connections_are_rotated(allowed: Company, fabrikam: Company) -> None:
    allow(fabrikam)
    know_key_ids(fabrikam)
    text, _status = run("Fabrikam")
    assert "contoso" not in text
    assert len(allowed.app.secrets) == 1
    assert len(fabrikam.app.secrets) == 2


def test_an_unknown_name_is_an_error_and_nothing_is_rotated(allowed: Company) -> None:
    with pytest.raises(CommandError, match="There is no connection called nobody") as raised:
        run("contoso", "nobody")
    assert raised.value.returncode == 2
    assert len(allowed.app.secrets) == 1


def test_what_needs_a_person_exits_with_1(contoso: Company) -> None:
    know_key_ids(contoso)
    text, status = run()
    assert "Application.ReadWrite.OwnedBy" in text
    assert status == 1


def test_an_answer_that_does_not_come_exits_with_2(allowed: Company) -> None:
    allowed.microsoft.fault("token", status=503)
    text, status = run()
    assert "next run" in text
    assert status == 2


def test_an_unforeseen_error_does_not_stop_the_other_connections(
    allowed: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    def steps(connection: Any, **kwargs: Any) -> Any:
        if connection == allowed.connection:
            raise ZeroDivisionError("odd\nSELECT")
        yield waiting_step(connection, "was reached")

    ConnectionFactory.create(name="zebra")
    monkeypatch.setattr(rotation_plan, "run", steps)
    text, status = run()
    assert f"{allowed.connection.name}: The credentials could not be rotated: odd" in text
    assert "zebra: was reached" in text
    assert status == 2


def test_an_error_of_the_command_exits_with_2(
    allowed: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise DatabaseError("The database is gone.\nSELECT everything")

    monkeypatch.setattr(rotation_plan, "remove_replaced", broken)
    with pytest.raises(CommandError, match="could not be rotated: The database") as raised:
        run()
    assert raised.value.returncode == 2


def test_a_dry_run_asks_nobody_and_writes_nothing(allowed: Company) -> None:
    before = list(Credential.objects.values())
    text, status = run("--dry-run")
    assert "would be rotated: expires in 10 days." in text
    assert status == 0
    assert allowed.microsoft.count() == 0
    assert repr(list(Credential.objects.values())) == repr(before)
    assert not Event.objects.exists()


@pytest.mark.parametrize("option", ["--within", "--keep"])
def test_a_number_of_days_that_is_none_is_refused(option: str) -> None:
    with pytest.raises(CommandError, match="number of days"):
        run(option, "-1")
