"""Sign-ins that are no longer valid are found, and the others are left alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from azuread_connections.models import Connection, Directory, Revocation
from azuread_connections.provider.models import Authorization
from azuread_connections.provider.sweep import end_invalid
from tests.company import Company
from tests.provider.relying_party import RelyingParty

pytestmark = pytest.mark.django_db


def live() -> int:
    return Authorization.objects.filter(revoked_at__isnull=True).count()


def test_it_leaves_what_is_valid(
    contoso: Company, portal: RelyingParty, adele: Client, django_assert_num_queries: Any
) -> None:
    portal.tokens(adele)
    with django_assert_num_queries(1):
        assert end_invalid() == 0
    assert live() == 1


def test_it_leaves_who_has_signed_in_since(
    contoso: Company, portal: RelyingParty, adele: Client
) -> None:
    Revocation.everybody(contoso.connection)
    browser = Client()
    contoso.sign_in(browser, application=portal.application.slug)
    kept = portal.tokens(browser)
    assert end_invalid() == 0
    assert portal.refresh(kept["refresh_token"]).status_code == 200


def test_it_ends_only_the_revoked_persons(
    contoso: Company, portal: RelyingParty, adele: Client
) -> None:
    other = Client()
    person = contoso.directory.add_person("Megan Bowen")
    contoso.sign_in(other, person, application=portal.application.slug)
    kept, ended = portal.tokens(other), portal.tokens(adele)
    identity = Authorization.objects.order_by("pk").last().identity_id
    Revocation.of_identity(contoso.connection, identity)
    assert end_invalid() == 1
    assert portal.refresh(kept["refresh_token"]).status_code == 200
    assert portal.refresh(ended["refresh_token"]).status_code == 400


def test_it_ends_a_refused_directorys(
    contoso: Company, portal: RelyingParty, adele: Client
) -> None:
    Connection.objects.update(use_common_endpoint=True)
    contoso.app.multi_tenant = True
    browser = Client()
    contoso.sign_in(browser, application=portal.application.slug)
    portal.tokens(browser)
    assert end_invalid() == 0
    Directory.objects.update(status=Directory.Status.REFUSED)
    assert end_invalid() == 1
    assert live() == 0


def test_it_ends_a_sign_in_that_is_too_old(
    contoso: Company, portal: RelyingParty, adele: Client, settings: Any
) -> None:
    portal.tokens(adele)
    Authorization.objects.update(signed_in_at=1_000_000_000.0)
    assert end_invalid() == 1


def test_it_ends_many_a_batch_at_a_time(
    contoso: Company, portal: RelyingParty, adele: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("azuread_connections.provider.sweep._BATCH", 2)
    for _ in range(5):
        portal.tokens(adele)
    Revocation.everybody(contoso.connection)
    assert end_invalid(at_most=3) == 3
    assert end_invalid() == 2
    assert live() == 0
