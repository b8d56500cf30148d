"""What the clients of the provider still hold after the directory has reported a leaver."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from azuread_connections.models import Identity
from tests.company import Company
from tests.provider.relying_party import RelyingParty, userinfo
from tests.scim.directory import Provisioning, user

pytestmark = pytest.mark.django_db


@pytest.fixture
def portal(contoso: Company) -> RelyingParty:
    return RelyingParty.create(contoso)


@pytest.fixture
def directory(contoso: Company) -> Provisioning:
    return Provisioning.of(contoso.connection)


def tokens_of(contoso: Company, portal: RelyingParty) -> dict[str, Any]:
    browser = Client()
    contoso.sign_in(browser, application=portal.application.slug)
    return portal.tokens(browser)


@pytest.mark.parametrize("comes_first", ["provisioning", "signing in"])
@pytest.mark.parametrize("how", ["active", "delete", "another object ID"])
def test_tokens_end_with_the_directorys_report(
    contoso: Company, portal: RelyingParty, directory: Provisioning, how: str, comes_first: str
) -> None:
    """Without a wait: SESSION_CHECK_SECONDS is 30 here."""
    reported = user(contoso.person.upn, externalId=contoso.person.object_id)
    if comes_first == "signing in":
        # The user is not this connection's to deactivate.
        contoso.sign_in(Client())
    shown = directory.create(reported)
    tokens = tokens_of(contoso, portal)
    assert portal.refresh(tokens["refresh_token"]).status_code == 200
    tokens = tokens_of(contoso, portal)
    assert userinfo(tokens["access_token"]).status_code == 200

    if how == "active":
        directory.set_active(shown, "False")
    elif how == "delete":
        directory.send("DELETE", f"Users/{shown['id']}")
    else:
        newcomer = user()["externalId"]
        directory.change(shown, {"op": "Replace", "path": "externalId", "value": newcomer})

    response = portal.refresh(tokens["refresh_token"])
    assert (response.status_code, response.json()["error"]) == (400, "invalid_grant")
    assert userinfo(tokens["access_token"]).status_code == 401
    assert portal.introspect(tokens["access_token"]) == {"active": False}


def test_tokens_stay_ended_when_the_person_is_enabled_again(
    contoso: Company, portal: RelyingParty, directory: Provisioning
) -> None:
    shown = directory.create(user(contoso.person.upn, externalId=contoso.person.object_id))
    tokens = tokens_of(contoso, portal)
    directory.set_active(shown, False)
    directory.set_active(shown, True)
    assert portal.refresh(tokens["refresh_token"]).status_code == 400
    again = tokens_of(contoso, portal)
    assert portal.refresh(again["refresh_token"]).status_code == 200
    assert (User.objects.count(), Identity.objects.count()) == (1, 1)
