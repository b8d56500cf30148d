"""OAuth clients on a site that reads from a replica, which has none of the rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from azuread_connections.models import EnabledConnection, Identity, Revocation
from azuread_connections.provider.models import OAuthClientSecret
from tests.company import Company
from tests.provider.relying_party import RelyingParty, userinfo
from tests.replica import SITES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("replica")]


@pytest.fixture(autouse=True, params=SITES, ids=lambda site: site.__name__)
def _site(request: pytest.FixtureRequest, settings: Any) -> None:
    request.param(settings)
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 0}


def test_tokens_from_the_first_redirect_to_the_next_refresh(
    contoso: Company, portal: RelyingParty
) -> None:
    code = portal.sign_in(contoso, Client())["code"]
    tokens = portal.exchange(code).json()
    assert userinfo(tokens["access_token"]).status_code == 200
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert portal.token(**refresh).status_code == 200


def test_a_code_that_is_used_twice_ends_its_tokens(contoso: Company, portal: RelyingParty) -> None:
    code = portal.sign_in(contoso, Client())["code"]
    tokens = portal.exchange(code).json()
    assert portal.exchange(code).json()["error"] == "invalid_grant"
    assert userinfo(tokens["access_token"]).status_code == 401


def disable(company: Company) -> None:
    EnabledConnection.objects.all().delete()


def revoke(company: Company) -> None:
    Revocation.of_identity(company.connection, Identity.objects.get().pk)


def untie(company: Company) -> None:
    Identity.objects.get().delete()


@pytest.mark.parametrize("end", [disable, revoke, untie])
def test_tokens_end_at_once(
    end: Callable[[Company], None], contoso: Company, portal: RelyingParty
) -> None:
    tokens = portal.exchange(portal.sign_in(contoso, Client())["code"]).json()
    end(contoso)
    assert userinfo(tokens["access_token"]).status_code == 401
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert portal.token(**refresh).json()["error"] == "invalid_grant"


def test_a_deleted_secret_is_refused(machine: RelyingParty) -> None:
    assert machine.token(grant_type="client_credentials").status_code != 401
    OAuthClientSecret.objects.all().delete()
    assert machine.token(grant_type="client_credentials").status_code == 401
