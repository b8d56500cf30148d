from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.company import Company

#: Calls an address of the API with a token: ``call(token, "files")``.
Call = Callable[..., Any]


@pytest.fixture
def site_with_an_api(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.rest_framework.urls"


@pytest.fixture(autouse=True)
def _every_test_calls_it(site_with_an_api: None) -> None:
    pass


@pytest.fixture
def call() -> Call:
    def get(token: str, where: str = "me", *, scheme: str = "Bearer") -> Any:
        return Client().get(f"/api/{where}", headers={"Authorization": f"{scheme} {token}"})

    return get


@pytest.fixture
def api(site_with_an_api: None, contoso: Company) -> Company:
    """Contoso, whose registration exposes an API, and whose person has signed in here before."""
    contoso.app.api_scopes = ["Files.Read", "Files.Write"]
    assert contoso.sign_in(Client()).status_code == 302
    return contoso


@pytest.fixture
def token(api: Company) -> str:
    """The person's token with the scope Files.Read."""
    return persons_token(api)


def persons_token(company: Company, **overrides: Any) -> str:
    overrides = {"scopes": ["Files.Read"], **overrides}
    return company.microsoft.mint_api_token(
        company.directory, company.app, company.person, **overrides
    )
