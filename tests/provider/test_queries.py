"""What is compiled once finds what Django's own queries would."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from oauth2_provider.models import get_application_model, get_refresh_token_model

from azuread_connections.models import Revocation
from azuread_connections.provider import queries
from azuread_connections.provider.models import Authorization, OAuthClientSecret
from azuread_connections.provider.models.client_secret import digest_of
from azuread_connections.provider.models.sent_secret import SentSecret
from azuread_connections.provider.tokens import token_digest
from tests.company import Company
from tests.provider.relying_party import RelyingParty, userinfo

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, params=["compiled", "plain"])
def way(request: pytest.FixtureRequest) -> None:
    """Run each test of this module both ways."""
    if request.param == "plain":
        request.getfixturevalue("nothing_compiles")


def values_of(row: Any) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def assert_is_read_whole(found: Any, *paths: str) -> None:
    """Check an object and its relations against Django's own reading, and that they are there."""
    with CaptureQueriesContext(connection) as sent:
        rows = [found]
        for path in paths:
            row = found
            for step in path.split("__"):
                row = getattr(row, step)
            rows.append(row)
    assert not sent.captured_queries
    for row in filter(None, rows):
        assert values_of(row) == values_of(type(row)._default_manager.get(pk=row.pk))


JUDGED_BY = ("user", "identity", "connection", "client", "client__application", "api")


def test_a_client_is_found_with_its_rows(portal: RelyingParty, spa: RelyingParty) -> None:
    found = queries.client(portal.client_id)
    assert found == portal.client
    assert_is_read_whole(found, "application", "oauth_application")
    assert found is not None
    assert found.oauth_application.azuread_client is found


def test_a_client_is_found_with_the_secret_that_was_sent(
    portal: RelyingParty, spa: RelyingParty
) -> None:
    def sent(secret: str) -> SentSecret | None:
        found = queries.client(portal.client_id, secret)
        return found and found.sent_secret

    end = timezone.now()
    old = OAuthClientSecret.objects.add(portal.client, expires_at=end)
    other = OAuthClientSecret.objects.add(spa.client)
    assert sent("") is None
    assert sent(portal.secret) == SentSecret(digest_of(portal.secret), True, None)
    assert sent(old) == SentSecret(digest_of(old), True, end)
    for wrong in (other, "of nobody"):
        assert sent(wrong) == SentSecret(digest_of(wrong), False, None)


def test_a_client_of_django_oauth_toolkit_alone_is_not_found(db: None) -> None:
    get_application_model()._default_manager.create(
        client_id="other", client_type="public", authorization_grant_type="authorization-code"
    )
    assert queries.client("other") is None


def test_an_authorization_is_found_by_the_code_of_its_own_client(
    portal: RelyingParty, spa: RelyingParty, adele: Client
) -> None:
    digest = digest_of(portal.code(adele))
    portal.code(adele)
    found = queries.authorization_by_code(portal.client, digest)
    assert found == Authorization.objects.get(code_digest=digest)
    assert_is_read_whole(found, *JUDGED_BY)
    assert queries.authorization_by_code(spa.client, digest) is None


def test_an_authorization_is_found_by_its_tokens(
    portal: RelyingParty, spa: RelyingParty, adele: Client
) -> None:
    portal.tokens(adele)
    given = portal.tokens(adele)
    authorization = Authorization.objects.order_by("pk").last()
    assert authorization is not None
    by_token = queries.authorization_by_access_token(token_digest(given["access_token"]))
    by_family = queries.authorization_by_family(portal.client, authorization.family)
    assert by_token == by_family == authorization
    assert_is_read_whole(by_family, *JUDGED_BY)
    assert queries.authorization_by_family(spa.client, authorization.family) is None
    assert by_token is not None
    with CaptureQueriesContext(connection) as sent:
        # Of these, userinfo needs no other column. Others are read when they are asked for.
        read = (
            by_token.access_token.expires,
            by_token.access_token.scope,
            by_token.connection.name,
            by_token.client.client_id,
        )
    assert not sent.captured_queries
    token, own = authorization.access_token, authorization.connection
    assert read == (token.expires, token.scope, own.name, portal.client.client_id)
    assert_is_read_whole(by_token, *JUDGED_BY, "access_token", "client__oauth_application")
    assert queries.authorization_by_access_token(token_digest("another")) is None


def test_a_refresh_token_is_found_for_its_own_client(
    portal: RelyingParty, spa: RelyingParty, adele: Client
) -> None:
    given = portal.tokens(adele)
    digest = token_digest(given["refresh_token"])
    found = queries.refresh_token(portal.client, digest, "default")
    assert found == get_refresh_token_model()._default_manager.get(token_checksum=digest)
    assert_is_read_whole(found, "access_token")
    assert queries.refresh_token(spa.client, digest, "default") is None


def test_a_used_refresh_token_has_no_access_token(portal: RelyingParty, adele: Client) -> None:
    token = portal.tokens(adele)["refresh_token"]
    portal.refresh(token)
    found = queries.refresh_token(portal.client, token_digest(token), "default")
    assert found.revoked is not None
    assert_is_read_whole(found, "access_token")
    assert found.access_token is None


def test_everything_is_judged_the_same(
    contoso: Company, portal: RelyingParty, adele: Client, settings: Any
) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 0}
    given = portal.tokens(adele)
    claims = userinfo(given["access_token"]).json()
    assert claims["email_verified"] is True
    Revocation.everybody(contoso.connection)
    assert userinfo(given["access_token"]).status_code == 401
    assert portal.refresh(given["refresh_token"]).json()["error"] == "invalid_grant"
