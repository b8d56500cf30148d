"""A database that was restored from an older dump: what clients were given comes back, too."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.test import Client

from azuread_connections.provider.models import SigningKey
from tests.provider.relying_party import RelyingParty

pytestmark = pytest.mark.django_db


def test_refresh_tokens_that_come_back_end_with_the_sessions(
    portal: RelyingParty, adele: Client
) -> None:
    kept = portal.refresh(portal.tokens(adele)["refresh_token"]).json()
    call_command("end_sessions", "--all")
    assert portal.refresh(kept["refresh_token"]).status_code == 400


def test_a_signing_key_that_comes_back_is_withdrawn() -> None:
    before = set(SigningKey.objects.values_list("kid", flat=True))
    call_command("rotate_signing_keys", "--compromised")
    published = set(SigningKey.objects.values_list("kid", flat=True))
    assert not before & published
