from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from azuread_connections.models import Credential
from tests.company import Company

pytestmark = pytest.mark.django_db


def test_the_command_prints_and_fails(contoso: Company, fabrikam: Company) -> None:
    output = StringIO()
    call_command("check_connections", "CONTOSO", stdout=output)
    assert "contoso" in output.getvalue()
    assert "fabrikam" not in output.getvalue()
    Credential.objects.filter(connection=fabrikam.connection).delete()
    with pytest.raises(SystemExit) as exited:
        call_command("check_connections", stdout=output)
    assert exited.value.code == 1


def test_the_command_checks_those_that_there_are_and_names_the_others(
    contoso: Company, fabrikam: Company
) -> None:
    output = StringIO()
    names = ("Fabrikam", "nobody", "contoso", "Nowhere", "contoso")
    with pytest.raises(CommandError, match="no connection called nobody, Nowhere") as failed:
        call_command("check_connections", *names, stdout=output)
    assert failed.value.returncode == 1
    printed = output.getvalue().splitlines()
    assert [line for line in printed if not line.startswith(" ")] == ["fabrikam", "contoso"]


@pytest.mark.parametrize("keys", [[], ["no-key"], [None], None])
def test_without_a_usable_encryption_key_the_command_checks_all(
    contoso: Company, fabrikam: Company, settings: Any, keys: Any
) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"ENCRYPTION_KEYS": keys}
    output = StringIO()
    with pytest.raises(SystemExit):
        call_command("check_connections", stdout=output)
    assert output.getvalue().count("ENCRYPTION_KEYS") == 2
