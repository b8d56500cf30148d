"""What a client still holds after the right to it was taken away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from azuread_connections.models import EnabledConnection, Identity, Revocation
from azuread_connections.provider.models import API, ClientConsent, ClientGrant, OAuthClient
from tests.attacks.catalogue import Attacker, attack
from tests.company import Company
from tests.factories import UserFactory
from tests.provider.devices import GRANT_TYPE, Device, answer
from tests.provider.relying_party import RelyingParty, userinfo

from .gains import Gains

pytestmark = [pytest.mark.django_db, attack(who=Attacker.CLIENT)]

ORDERS = "https://orders.example.com/"


@pytest.fixture(autouse=True)
def at_once(settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 0}


@pytest.fixture
def foreign(contoso: Company) -> RelyingParty:
    """A confidential client of somebody else, with devices, that was granted an API."""
    party = RelyingParty.create(
        contoso,
        grant_types=["authorization_code", "refresh_token", GRANT_TYPE],
        is_first_party=False,
    )
    api = API.objects.create(name="Orders", identifier=ORDERS, scopes={"read": "see orders"})
    ClientGrant.objects.create(client=party.client, api=api, scope="read")
    return party


@pytest.fixture
def victim(contoso: Company, foreign: RelyingParty) -> Client:
    browser = Client()
    contoso.sign_in(browser, application=foreign.application.slug)
    return browser


def deactivate(company: Company) -> None:
    get_user_model().objects.update(is_active=False)


def disable(company: Company) -> None:
    EnabledConnection.objects.filter(connection=company.connection).delete()


def revoke(company: Company) -> None:
    Revocation.of_identity(company.connection, Identity.objects.get().pk)


def tie_to_another(company: Company) -> None:
    Identity.objects.update(user=UserFactory.create())


def delete_identity(company: Company) -> None:
    Identity.objects.get().delete()


def withdraw_consent(company: Company) -> None:
    ClientConsent.objects.all().delete()


def withdraw_grant(company: Company) -> None:
    ClientGrant.objects.all().delete()


def delete_api(company: Company) -> None:
    API.objects.all().delete()


def remove_client(company: Company) -> None:
    OAuthClient.objects.get().delete()


def by_browser(party: RelyingParty, browser: Client, api: str | None) -> dict[str, Any]:
    form = {"allow": "1", "request": _sealed(party.authorize(browser, audience=api))}
    browser.post("/id/authorize/consent", form)
    return party.tokens(browser, audience=api)


def by_device(party: RelyingParty, browser: Client, api: str | None) -> dict[str, Any]:
    device = Device.ask(party, audience=api)
    answer(browser, device.user_code)
    return device.tokens()


def _sealed(page: Any) -> str:
    return str(page.content.decode().partition('name="request" value="')[2].partition('"')[0])


@attack(
    wants="to go on with tokens after the right to them was taken away",
    stopped_by="each use of a token looks at the person, the consent and the grant anew",
)
@pytest.mark.parametrize("get_tokens", [by_browser, by_device])
@pytest.mark.parametrize("api", [None, ORDERS], ids=["opaque", "jwt"])
@pytest.mark.parametrize(
    "happens",
    [
        *(deactivate, disable, revoke, tie_to_another, delete_identity),
        *(withdraw_consent, withdraw_grant, delete_api, remove_client),
    ],
)
def test_tokens_after_the_right_has_gone(
    contoso: Company,
    foreign: RelyingParty,
    victim: Client,
    happens: Callable[[Company], None],
    api: str | None,
    get_tokens: Callable[[RelyingParty, Client, str | None], dict[str, Any]],
) -> None:
    if api is None and happens in {withdraw_grant, delete_api}:
        pytest.skip("The tokens are not for an API.")
    tokens = get_tokens(foreign, victim, api)
    assert userinfo(tokens["access_token"]).status_code == 200
    assert foreign.introspect(tokens["access_token"])["active"] is True
    happens(contoso)
    before = Gains.now()
    assert userinfo(tokens["access_token"]).status_code == 401
    if happens is not remove_client:
        assert foreign.introspect(tokens["access_token"]) == {"active": False}
    assert foreign.refresh(tokens["refresh_token"]).status_code in {400, 401}
    before.assert_none()
