"""The lifetimes of clients and APIs, where tokens are issued and checked."""

from __future__ import annotations

import time
from datetime import timedelta
from io import StringIO
from typing import Any

import jwt
import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_refresh_token_model

from azuread_connections.provider import key_rotation
from azuread_connections.provider.lifetimes import KEY_PUBLISHED_BEFORE
from azuread_connections.provider.models import (
    API,
    Authorization,
    ClientGrant,
    OAuthClient,
    SigningKey,
)
from tests.company import Company
from tests.provider.relying_party import RelyingParty, id_token_claims, userinfo

pytestmark = pytest.mark.django_db

ORDERS = "https://api.example.com/"
DAY = 86_400


def change(party: RelyingParty, **lifetimes: int) -> None:
    for name, seconds in lifetimes.items():
        setattr(party.client, name, seconds)
    party.client.full_clean()
    party.client.save()


def orders(token_lifetime: int) -> API:
    return API.objects.create(name="Orders", identifier=ORDERS, token_lifetime=token_lifetime)


def lasts(token: str) -> int:
    claims = jwt.decode(token, options={"verify_signature": False})
    return int(claims["exp"] - claims["iat"])


def test_an_id_token_lasts_as_long_as_the_client_says(portal: RelyingParty, adele: Client) -> None:
    change(portal, id_token_lifetime=120)
    tokens = portal.tokens(adele)
    claims = id_token_claims(tokens["id_token"], portal.client_id)
    assert claims["exp"] - claims["iat"] == 120
    assert tokens["expires_in"] == 3_600
    assert lasts(portal.refresh(tokens["refresh_token"]).json()["id_token"]) == 120


def test_an_access_token_for_an_api_lasts_as_long_as_the_api_says(
    portal: RelyingParty, adele: Client
) -> None:
    orders(2 * DAY)
    tokens = portal.tokens(adele, audience=ORDERS)
    again = portal.refresh(tokens["refresh_token"]).json()
    for found in (tokens, again):
        assert found["expires_in"] == 2 * DAY
        assert lasts(found["access_token"]) == 2 * DAY
    introspected = portal.introspect(again["access_token"])
    assert introspected["exp"] - time.time() == pytest.approx(2 * DAY, abs=60)


def test_an_api_can_shorten_it(portal: RelyingParty, adele: Client, monkeypatch: Any) -> None:
    orders(60)
    tokens = portal.tokens(adele, audience=ORDERS)
    assert tokens["expires_in"] == 60
    assert userinfo(tokens["access_token"]).status_code == 200
    later = timezone.now() + timedelta(seconds=61)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert userinfo(tokens["access_token"]).status_code == 401
    assert portal.introspect(tokens["access_token"]) == {"active": False}


def test_a_machine_gets_the_lifetime_of_its_api(machine: RelyingParty) -> None:
    ClientGrant.objects.create(client=machine.client, api=orders(DAY))
    for audience, seconds in ((ORDERS, DAY), (None, 3_600)):
        tokens = machine.token(grant_type="client_credentials", audience=audience).json()
        assert tokens["expires_in"] == seconds
        row = get_access_token_model().objects.latest("pk")
        left = (row.expires - timezone.now()).total_seconds()
        assert left == pytest.approx(seconds, abs=60)


@pytest.mark.parametrize(
    ("field", "model", "column"),
    [
        ("refresh_token_lifetime", Authorization, "created_at"),
        ("refresh_token_idle_lifetime", get_refresh_token_model(), "created"),
    ],
)
@pytest.mark.parametrize(("seconds", "status"), [(7 * DAY - 60, 400), (7 * DAY + 60, 200)])
def test_a_changed_lifetime_acts_on_refresh_tokens_at_their_next_use(
    portal: RelyingParty,
    adele: Client,
    field: str,
    model: Any,
    column: str,
    seconds: int,
    status: int,
) -> None:
    tokens = portal.tokens(adele)
    model.objects.update(**{column: timezone.now() - timedelta(days=7)})
    change(portal, **{field: seconds})
    assert portal.refresh(tokens["refresh_token"]).status_code == status


# --- Keys -----------------------------------------------------------------------------------------


def test_a_retired_key_is_published_as_long_as_the_longest_token() -> None:
    orders(30 * DAY)
    first, now = SigningKey.objects.get(), timezone.now()
    key_rotation.rotate(now=now)
    first.refresh_from_db()
    over = now + KEY_PUBLISHED_BEFORE + timedelta(days=30, hours=1)
    assert first.retires_at == over


def test_the_longest_id_token_counts_too(portal: RelyingParty) -> None:
    change(portal, id_token_lifetime=DAY)
    first, now = SigningKey.objects.get(), timezone.now()
    key_rotation.rotate(now=now)
    first.refresh_from_db()
    assert first.retires_at == now + KEY_PUBLISHED_BEFORE + timedelta(days=1, hours=1)


def test_a_longer_lifetime_keeps_the_key_that_still_signs(portal: RelyingParty) -> None:
    first, now = SigningKey.objects.get(), timezone.now()
    key_rotation.rotate(now=now)
    orders(DAY)
    first.refresh_from_db()
    assert first.retires_at == now + KEY_PUBLISHED_BEFORE + timedelta(days=1, hours=1)
    change(portal, id_token_lifetime=10 * DAY)
    first.refresh_from_db()
    assert first.retires_at == now + KEY_PUBLISHED_BEFORE + timedelta(days=10, hours=1)
    change(portal, id_token_lifetime=60)
    first.refresh_from_db()
    # Its tokens of ten days are still in use.
    assert first.retires_at == now + KEY_PUBLISHED_BEFORE + timedelta(days=10, hours=1)


# --- What is over ---------------------------------------------------------------------------------


def clear() -> int:
    call_command("clear_authorizations", stdout=StringIO())
    return Authorization.objects.count()


def signed_in(days_ago: float, portal: RelyingParty, adele: Client) -> None:
    portal.tokens(adele)
    created_at = timezone.now() - timedelta(days=days_ago)
    Authorization.objects.filter(client=portal.client).update(created_at=created_at)


def test_a_sign_in_is_kept_as_long_as_its_refresh_tokens(
    portal: RelyingParty, adele: Client
) -> None:
    change(portal, refresh_token_lifetime=90 * DAY)
    signed_in(89, portal, adele)
    assert clear() == 1
    signed_in(91, portal, adele)
    assert clear() == 0


def test_a_sign_in_is_kept_as_long_as_its_access_token(portal: RelyingParty, adele: Client) -> None:
    orders(5 * DAY)
    change(portal, refresh_token_lifetime=DAY)
    signed_in(5.9, portal, adele)
    assert clear() == 1
    signed_in(6.1, portal, adele)
    assert clear() == 0


def test_one_clients_lifetime_keeps_nothing_of_anothers(
    contoso: Company, portal: RelyingParty, adele: Client
) -> None:
    other = RelyingParty.create(contoso)
    change(other, refresh_token_lifetime=365 * DAY)
    signed_in(40, portal, adele)
    signed_in(40, other, adele)
    assert clear() == 1
    assert OAuthClient.objects.get(authorizations__isnull=False) == other.client
