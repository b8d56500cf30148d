"""What each request costs, counted. django-oauth-toolkit alone needs 22 statements for a code."""

from __future__ import annotations

import pytest
from django.test import Client

from azuread_connections.provider import keys
from azuread_connections.provider.models import API, ClientGrant
from tests.company import Company
from tests.login.flows.test_budget import statements
from tests.provider.devices import GRANT_TYPE, Device, answer
from tests.provider.relying_party import RelyingParty, userinfo

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("again", [False, True])
def test_an_authorization_request_of_who_is_signed_in(
    portal: RelyingParty, adele: Client, again: bool
) -> None:
    if again:
        portal.authorize(adele)
    with statements() as found:
        assert portal.authorize(adele).status_code == 302
    # Session, user, client, whether the sign-in holds (twice the first time: for the application
    # too), the code.
    assert len(found) == (4 if again else 5), "\n".join(found)


def test_an_authorization_request_by_web_message(contoso: Company, spa: RelyingParty) -> None:
    spa.application.allowed_callback_urls = [callback := "https://spa.example/"]
    spa.application.save()
    browser = Client()
    contoso.sign_in(browser, application=spa.application.slug)
    with statements() as found:
        response = spa.authorize(browser, response_mode="web_message", redirect_uri=callback)
    assert response.status_code == 200
    # And whether the origin is the client's.
    assert len(found) <= 6, "\n".join(found)


def test_a_token_request_with_a_code(portal: RelyingParty, adele: Client) -> None:
    code = portal.code(adele)
    keys.published_keys()  # read once a minute
    with statements() as found:
        assert portal.exchange(code).status_code == 200
    # Client with its secret, authorization, whether the sign-in holds, the proof of the domain, and
    # three writes.
    assert len(found) == 7, "\n".join(found)


def test_a_token_request_with_a_refresh_token(portal: RelyingParty, adele: Client) -> None:
    token = portal.tokens(adele)["refresh_token"]
    with statements() as found:
        assert portal.refresh(token).status_code == 200
    assert len(found) == 8, "\n".join(found)


def test_a_token_request_of_a_machine(machine: RelyingParty) -> None:
    with statements() as found:
        assert machine.token(grant_type="client_credentials").status_code == 200
    assert len(found) == 2, "\n".join(found)


@pytest.mark.parametrize("again", [False, True])
def test_userinfo(portal: RelyingParty, adele: Client, again: bool) -> None:
    token = portal.tokens(adele)["access_token"]
    if again:
        userinfo(token)
    with statements() as found:
        assert userinfo(token).status_code == 200
    assert len(found) <= 3, "\n".join(found)


def test_a_request_of_a_device(television: RelyingParty) -> None:
    with statements() as found:
        Device.ask(television)
    # Client, how many wait, the device.
    assert len(found) == 3, "\n".join(found)


def test_a_request_of_a_confidential_clients_device_for_an_api(portal: RelyingParty) -> None:
    portal.application.grant_types.append(GRANT_TYPE)
    portal.application.save()
    portal.client.is_first_party = False
    portal.client.save()
    api = API.objects.create(name="Orders", identifier="https://orders.example/")
    ClientGrant.objects.create(client=portal.client, api=api)
    with statements() as found:
        Device.ask(portal, audience=api.identifier)
    assert len(found) == 5, "\n".join(found)


def test_a_poll(contoso: Company, portal: RelyingParty, adele: Client) -> None:
    portal.application.grant_types.append(GRANT_TYPE)
    portal.application.save()
    device = Device.ask(portal)
    for error in ("authorization_pending", "slow_down"):
        with statements() as found:
            assert device.error() == error
        # Client with its secret, device, the time of the poll.
        assert len(found) == 3, "\n".join(found)
    answer(adele, device.user_code)
    keys.published_keys()
    with statements() as found:
        device.tokens()
    # Client with its secret, device, whether the sign-in holds, the proof of the domain, and three
    # writes.
    assert len(found) == 7, "\n".join(found)


def test_nothing_grows_with_clients_and_tokens(
    contoso: Company, portal: RelyingParty, adele: Client
) -> None:
    def costs() -> list[int]:
        with statements() as at_authorize:
            code = portal.code(adele)
        with statements() as at_token:
            tokens = portal.exchange(code).json()
        with statements() as at_refresh:
            tokens = portal.refresh(tokens["refresh_token"]).json()
        with statements() as at_userinfo:
            userinfo(tokens["access_token"])
        return [len(each) for each in (at_authorize, at_token, at_refresh, at_userinfo)]

    costs()
    alone = costs()
    for _ in range(5):
        other = RelyingParty.create(contoso)
        for _ in range(3):
            tokens = other.tokens(adele)
            other.refresh(tokens["refresh_token"])
    assert costs() == alone
