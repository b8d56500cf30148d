"""Keys that are lost, restored and changed, and a database that was restored from an older dump."""

from __future__ import annotations

import json
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.cache import cache
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.test import Client

from azuread_connections.models import Connection, Credential, Event, Identity
from tests.company import Company, error_code

pytestmark = pytest.mark.django_db
#: For what restores a dump: no database empties tables in the middle of a transaction.
restores = pytest.mark.django_db(transaction=True)

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def keys(settings: Any) -> Any:
    def use(*values: str, **others: Any) -> None:
        settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
            "ENCRYPTION_KEYS": list(values),
            "SESSION_CHECK_SECONDS": 0,
            **others,
        }

    use(OLD)
    return use


@pytest.fixture
def company(keys: Any, contoso: Company) -> Company:
    """Its secret is encrypted with the old key."""
    contoso.connection.credentials.get().delete()
    contoso.connection.credentials.create(value=contoso.app.secrets[0].value)
    return contoso


def report(command: str, *arguments: str) -> tuple[int, str]:
    """Run a command; return its exit status, and what it says."""
    out, err = StringIO(), StringIO()
    status = 0
    try:
        call_command(command, *arguments, stdout=out, stderr=err)
    except CommandError as error:
        status, _ = error.returncode, err.write(str(error))
    except SystemExit as ended:
        status = int(ended.code or 0)
    return status, out.getvalue() + err.getvalue()


def warnings() -> list[str]:
    return [str(each.id) for each in run_checks(databases=["default"])]


def is_signed_in(browser: Client) -> bool:
    return browser.get("/login/profile").status_code == 200


class Dump:
    """What `dumpdata` wrote, as pg_dump would: every row of the site."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "dump.json"
        call_command("dumpdata", "--all", "--output", str(self.file), verbosity=0)

    def restore(self) -> None:
        """Bring the database back to the dump. The cache is emptied, as docs/backup.md says."""
        call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=True)
        call_command("loaddata", str(self.file), verbosity=0)
        cache.clear()


# --- Keys -----------------------------------------------------------------------------------------


def test_a_dump_holds_no_secret_in_the_clear(company: Company, tmp_path: Path) -> None:
    dump = Dump(tmp_path).file.read_text()
    assert company.app.secrets[0].value not in dump
    [row] = [row for row in json.loads(dump) if row["model"].endswith(".credential")]
    assert row["fields"]["value"].startswith("encrypted:")


def test_a_lost_key_is_named_everywhere_and_its_return_repairs_all(
    company: Company, keys: Any
) -> None:
    keys(NEW)
    assert error_code(company.sign_in(Client())) == "secret_rejected"
    assert "azuread_connections.W011" in warnings()
    status, said = report("reencrypt_secrets", "--dry-run")
    assert status == 1
    assert "contoso" in said
    assert "no key can decrypt it" in said

    keys(NEW, OLD)
    assert company.sign_in(Client()).status_code == 302
    assert "azuread_connections.W011" not in warnings()
    assert report("reencrypt_secrets")[0] == 0
    keys(NEW)
    assert company.sign_in(Client()).status_code == 302


@restores
def test_a_dump_of_before_a_change_of_keys_needs_the_old_key(
    company: Company, keys: Any, tmp_path: Path
) -> None:
    dump = Dump(tmp_path)
    keys(NEW, OLD)
    assert report("reencrypt_secrets")[0] == 0
    keys(NEW)
    dump.restore()
    assert error_code(company.sign_in(Client())) == "secret_rejected"
    keys(NEW, OLD)
    assert report("reencrypt_secrets")[0] == 0
    keys(NEW)
    assert company.sign_in(Client()).status_code == 302


def test_old_and_new_workers_read_each_others_secrets_while_a_key_changes(
    company: Company, keys: Any
) -> None:
    """In two deploys: first every worker can read the new key, then the new key encrypts."""
    deploys = [(OLD,), (OLD, NEW), (NEW, OLD)]
    for before, after in pairwise(deploys):
        for writer, reader in ((before, after), (after, before)):
            keys(*writer)
            company.connection.credentials.all().delete()
            company.connection.credentials.create(value=company.app.secrets[0].value)
            keys(*reader)
            assert company.sign_in(Client()).status_code == 302


def test_in_one_deploy_they_do_not(company: Company, keys: Any) -> None:
    keys(NEW, OLD)
    company.connection.credentials.all().delete()
    company.connection.credentials.create(value=company.app.secrets[0].value)
    keys(OLD)
    assert error_code(company.sign_in(Client())) == "secret_rejected"


def test_the_secret_key_changes_in_two_deploys_without_breaking_a_sign_in(
    company: Company, settings: Any
) -> None:
    old, new = "o" * 50, "n" * 50
    deploys = [(old, []), (old, [new]), (new, [old])]
    for before, after in pairwise(deploys):
        for began, finished in ((before, after), (after, before)):
            browser = Client()
            settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = began
            address = company.start(browser)
            settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = finished
            assert company.come_back(browser, address).status_code == 302
            assert is_signed_in(browser)
            settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = began
            assert is_signed_in(browser)


# --- An older dump --------------------------------------------------------------------------------


@restores
def test_a_dump_brings_ended_sessions_back_until_all_are_ended(
    company: Company, tmp_path: Path
) -> None:
    browser = Client()
    company.sign_in(browser)
    dump = Dump(tmp_path)
    assert report("end_sessions", "contoso")[0] == 0
    assert not is_signed_in(browser)
    browser = copy_of(browser, dump)
    assert is_signed_in(browser)
    assert report("end_sessions", "--all")[0] == 0
    assert not is_signed_in(browser)
    company.sign_in(browser)
    assert is_signed_in(browser)


def copy_of(browser: Client, dump: Dump) -> Client:
    """Restore the dump, and return a browser that has kept the cookie of a session in it."""
    [row] = [row for row in json.loads(dump.file.read_text()) if row["model"] == "sessions.session"]
    dump.restore()
    copied = Client()
    copied.cookies["sessionid"] = row["pk"]
    return copied


@restores
def test_who_signed_in_first_after_the_dump_is_one_person_again(
    company: Company, tmp_path: Path
) -> None:
    dump = Dump(tmp_path)
    company.sign_in(Client())
    dump.restore()
    assert not Identity.objects.exists()
    assert company.sign_in(Client()).status_code == 302
    assert Identity.objects.get().object_id == company.person.object_id


@restores
def test_a_secret_that_was_replaced_since_is_reported_and_can_be_added(
    company: Company, tmp_path: Path
) -> None:
    dump = Dump(tmp_path)
    company.app.secrets.clear()
    newer = company.app.add_secret()
    dump.restore()
    assert error_code(company.sign_in(Client())) == "secret_rejected"
    status, said = report("check_secrets", "--verify")
    assert status == 1
    assert "refused" in said
    connection = Connection.objects.get()
    Credential.objects.create(connection=connection, value=newer.value)
    assert company.sign_in(Client()).status_code == 302
    assert Event.objects.filter(kind=Event.Kind.SIGNED_IN).count() == 1
