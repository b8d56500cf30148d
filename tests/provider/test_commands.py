from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_refresh_token_model

from azuread_connections.provider.models import Authorization, OAuthClient, OAuthClientSecret
from tests.factories import ApplicationFactory
from tests.provider.relying_party import RelyingParty

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> dict[str, str]:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return dict(line.split("=", 1) for line in out.getvalue().splitlines() if "=" in line)


def test_an_application_is_registered_and_its_secret_works() -> None:
    ApplicationFactory.create(slug="portal")
    printed = run("register_client", "portal", "--web-origin", "https://app.example.com")
    client = OAuthClient.objects.get(application__slug="portal")
    assert printed["client_id"] == client.client_id
    assert client.web_origins == ["https://app.example.com"]
    assert (
        RelyingParty(client, printed["client_secret"])
        .token(grant_type="client_credentials")
        .status_code
        == 200
    )


def test_a_public_client_gets_no_secret() -> None:
    ApplicationFactory.create(slug="page", application_type="spa")
    printed = run("register_client", "page", "--client-id", "kept", "--third-party")
    assert printed == {"client_id": "kept"}
    assert not OAuthClient.objects.get().is_first_party


def test_what_cannot_be_registered_is_named(portal: RelyingParty) -> None:
    with pytest.raises(CommandError, match="no application “x”"):
        run("register_client", "x")
    with pytest.raises(CommandError, match="is a client already"):
        run("register_client", portal.application.slug)
    ApplicationFactory.create(slug="other")
    with pytest.raises(CommandError, match="is not an origin"):
        run("register_client", "other", "--web-origin", "app.example.com")
    assert not OAuthClient.objects.filter(application__slug="other").exists()
    with pytest.raises(CommandError, match="is taken"):
        run("register_client", "other", "--client-id", portal.client_id)


def test_a_further_secret_is_added(portal: RelyingParty, spa: RelyingParty) -> None:
    printed = run("add_client_secret", portal.application.slug, "--expires", "2999-01-31")
    assert OAuthClientSecret.objects.accepts(portal.client, printed["client_secret"])
    assert OAuthClientSecret.objects.accepts(portal.client, portal.secret)
    ends = OAuthClientSecret.objects.get(expires_at__isnull=False).expires_at
    assert ends == datetime(2999, 1, 31, tzinfo=UTC)
    with pytest.raises(CommandError, match="not a date"):
        run("add_client_secret", portal.application.slug, "--expires", "31.1.2999")
    with pytest.raises(CommandError, match="not a date"):
        run("add_client_secret", portal.application.slug, "--expires", "2999-02-31")
    with pytest.raises(CommandError, match="public client"):
        run("add_client_secret", spa.application.slug)
    with pytest.raises(CommandError, match="not a client"):
        run("add_client_secret", "x")


def test_what_is_over_is_deleted_with_its_tokens(
    portal: RelyingParty, machine: RelyingParty, adele: Client
) -> None:
    old, new = portal.tokens(adele), portal.tokens(adele)
    portal.refresh(old["refresh_token"])
    machine.token(grant_type="client_credentials")
    first = Authorization.objects.order_by("pk")[0]
    long_ago = timezone.now() - timedelta(days=31)
    Authorization.objects.filter(pk=first.pk).update(created_at=long_ago)
    get_access_token_model().objects.filter(user=None).update(expires=long_ago)
    portal.code(adele)  # fetched by nobody
    Authorization.objects.filter(code_used_at=None).update(
        created_at=timezone.now() - timedelta(days=2)
    )

    call_command("clear_authorizations", stdout=StringIO())

    assert Authorization.objects.count() == 1
    assert get_access_token_model().objects.count() == 1
    assert get_refresh_token_model().objects.count() == 1
    assert portal.refresh(new["refresh_token"]).status_code == 200
