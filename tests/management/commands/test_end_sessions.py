from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from tests.company import Company

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sessions_are_checked_at_each_request(settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 0}


def end_sessions(*arguments: str) -> str:
    out = StringIO()
    call_command("end_sessions", *arguments, stdout=out)
    return out.getvalue()


def is_signed_in(browser: Client) -> bool:
    return browser.get("/login/profile").status_code == 200


def test_of_all_connections(contoso: Company, fabrikam: Company) -> None:
    browsers = [Client(), Client()]
    contoso.sign_in(browsers[0])
    fabrikam.sign_in(browsers[1])
    said = end_sessions("--all")
    assert said == "contoso: everyone is signed out.\nfabrikam: everyone is signed out.\n"
    assert [is_signed_in(browser) for browser in browsers] == [False, False]
    contoso.sign_in(browsers[0])
    assert is_signed_in(browsers[0])


def test_of_the_connections_named_only(contoso: Company, fabrikam: Company, client: Client) -> None:
    contoso.sign_in(client)
    with pytest.raises(CommandError, match="no connection called northwind"):
        end_sessions("Fabrikam", "northwind")
    assert is_signed_in(client)


@pytest.mark.parametrize("arguments", [(), ("--all", "contoso")])
def test_it_asks_whose(contoso: Company, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="Name connections") as refused:
        end_sessions(*arguments)
    assert refused.value.returncode == 2
