from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from azuread_connections.models import Connection
from tests.company import Company
from tests.entra.test_app_keys import asked

pytestmark = pytest.mark.django_db


def refresh(*names: str) -> str:
    out = StringIO()
    call_command("refresh_signing_keys", *names, stdout=out)
    return out.getvalue()


def test_each_connections_keys_are_fetched(contoso: Company, fabrikam: Company) -> None:
    assert refresh() == "contoso: 3 keys are published.\nfabrikam: 3 keys are published.\n"
    assert asked(contoso.microsoft) == ["directory", "directory"]


def test_of_the_connections_named_only(contoso: Company, fabrikam: Company) -> None:
    assert refresh("Fabrikam") == "fabrikam: 3 keys are published.\n"


def test_a_withdrawn_key_is_dropped(contoso: Company) -> None:
    contoso.sign_in(Client())
    contoso.microsoft.rotate_keys(keep_old=False)
    assert refresh() == "contoso: 2 keys are published.\n"
    before = contoso.microsoft.count("keys")
    # Signed by the new key, which is in the cache now.
    assert contoso.sign_in(Client()).status_code == 302
    assert contoso.microsoft.count("keys") == before


def test_a_registrations_own_keys_are_fetched_where_some_are_known(
    contoso: Company, fabrikam: Company
) -> None:
    contoso.microsoft.rotate_app_key(contoso.app)
    contoso.sign_in(Client())
    contoso.microsoft.rotate_app_key(contoso.app)
    before = len(asked(contoso.microsoft))
    refresh()
    assert asked(contoso.microsoft)[before:] == ["directory", "app", "directory"]
    assert contoso.sign_in(Client()).status_code == 302
    assert len(asked(contoso.microsoft)) == before + 3


def test_an_address_that_connections_share_is_asked_once(contoso: Company) -> None:
    Company.create(
        contoso.microsoft, contoso.connection.applications.get(), name="f", domain="f.example"
    )
    Connection.objects.update(identity_api="v1.0")
    assert refresh().count("3 keys are published") == 2
    assert asked(contoso.microsoft) == ["directory"]


def test_what_cannot_be_fetched_stays_and_fails_the_command(contoso: Company, capsys: Any) -> None:
    contoso.sign_in(Client())
    contoso.microsoft.fault("keys", status=503)
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("refresh_signing_keys", stdout=out)
    assert ended.value.code == 1
    assert out.getvalue().startswith("contoso: ")
    assert "503" in out.getvalue()
    contoso.microsoft.fault("keys", status=503, times=None)
    assert contoso.sign_in(Client()).status_code == 302


def test_a_name_that_does_not_exist_is_an_error(contoso: Company) -> None:
    with pytest.raises(CommandError, match="no connection called nobody"):
        refresh("contoso", "nobody")
