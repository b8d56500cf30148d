"""What makes an application an OAuth client."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import get_application_model

from azuread_connections.models import Application
from azuread_connections.provider.models import OAuthClient, OAuthClientSecret
from tests.factories import ApplicationFactory
from tests.provider.devices import GRANT_TYPE as DEVICE_CODE
from tests.provider.relying_party import RelyingParty, userinfo

pytestmark = pytest.mark.django_db

EVERYTHING = [*Application.GrantType.values]


def register(application_type: str, **options: object) -> OAuthClient:
    application = ApplicationFactory.create(
        application_type=application_type, grant_types=EVERYTHING
    )
    return OAuthClient.objects.register(application, **options)


@pytest.mark.parametrize(
    ("application_type", "grant_types"),
    [
        ("native", {"authorization_code", "refresh_token", DEVICE_CODE}),
        ("spa", {"authorization_code", "refresh_token"}),
        (
            "regular_web",
            {"authorization_code", "refresh_token", "client_credentials", DEVICE_CODE},
        ),
        ("machine_to_machine", {"client_credentials"}),
    ],
)
def test_a_client_can_use_the_grant_types_of_its_type(
    application_type: str, grant_types: set[str]
) -> None:
    assert register(application_type).grant_types == grant_types


@pytest.mark.parametrize("client_id", ["azuread|x", "waad|x", "with space", "naïve", "a\x00b"])
@pytest.mark.parametrize("name", ["client_id", "external_id"])
def test_a_client_cannot_have_an_id_like_a_persons(client_id: str, name: str) -> None:
    """The access token that a machine has for itself has it as ``sub``."""
    application = ApplicationFactory.create()
    options = {"client_id": client_id} if name == "client_id" else {}
    if not options:
        application.external_id = client_id
    with pytest.raises(ValidationError):
        OAuthClient.objects.register(application, **options)
    assert not OAuthClient.objects.exists()


def test_a_client_can_use_only_those_that_are_ticked() -> None:
    application = ApplicationFactory.create(grant_types=["authorization_code"])
    assert OAuthClient.objects.register(application).grant_types == {"authorization_code"}


def test_a_public_client_needs_pkce_whatever_its_row_says() -> None:
    assert register("spa", is_pkce_required=False).needs_pkce
    assert not register("regular_web", is_pkce_required=False).needs_pkce


def test_a_client_keeps_the_id_it_had_elsewhere() -> None:
    application = ApplicationFactory.create(external_id="KvT3Auth0Id")
    assert OAuthClient.objects.register(application).client_id == "KvT3Auth0Id"


def test_its_row_in_django_oauth_toolkit_gives_it_nothing_there(portal: RelyingParty) -> None:
    row = get_application_model().objects.get(client_id=portal.client_id)
    assert row.client_type == "confidential"
    assert not row.redirect_uris
    assert not row.redirect_uri_allowed(portal.callback)
    assert portal.secret not in row.client_secret


def test_deleting_the_application_ends_the_client_and_its_tokens(
    portal: RelyingParty, adele: Client
) -> None:
    tokens = portal.tokens(adele)
    client_id = portal.client_id
    portal.application.delete()
    assert not get_application_model().objects.filter(client_id=client_id).exists()
    assert userinfo(tokens["access_token"]).status_code == 401
    again = OAuthClient.objects.register(ApplicationFactory.create(), client_id=client_id)
    assert again.client_id == client_id


def test_several_secrets_are_valid_at_once(portal: RelyingParty) -> None:
    second = OAuthClientSecret.objects.add(portal.client)
    for secret in (portal.secret, second):
        assert OAuthClientSecret.objects.accepts(portal.client, secret)
    assert not OAuthClientSecret.objects.accepts(portal.client, "")


def test_a_secret_is_stored_as_a_digest_with_a_hint(portal: RelyingParty) -> None:
    row = OAuthClientSecret.objects.get()
    assert portal.secret not in str(vars(row))
    assert row.hint == portal.secret[:3]


def test_an_expired_secret_is_refused(portal: RelyingParty) -> None:
    expired = OAuthClientSecret.objects.add(
        portal.client, expires_at=timezone.now() - timedelta(seconds=1)
    )
    assert not OAuthClientSecret.objects.accepts(portal.client, expired)


def test_a_secret_of_another_client_is_refused(portal: RelyingParty) -> None:
    other = register("regular_web")
    assert not OAuthClientSecret.objects.accepts(other, portal.secret)


def test_a_short_secret_is_not_taken(portal: RelyingParty) -> None:
    with pytest.raises(ValidationError):
        OAuthClientSecret.objects.add(portal.client, "hunter2")


def test_web_origins_are_replaced(portal: RelyingParty) -> None:
    portal.client.set_web_origins(["https://A.example/", "https://b.example"])
    portal.client.set_web_origins(["https://b.example", "https://c.example"])
    assert portal.client.web_origins == ["https://b.example", "https://c.example"]
