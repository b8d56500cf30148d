"""The list of expiring client secrets on the front page of the admin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.utils import timezone

from azuread_connections.models import Connection, Credential
from azuread_connections.testing import StandIn
from tests.admin.pages import change_page
from tests.company import Company
from tests.factories import CredentialFactory

pytestmark = pytest.mark.django_db


def html_of(client: Client, page: str) -> str:
    return " ".join(client.get(page).content.decode().split())


@pytest.fixture
def front_page(boss: Client, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    template = "azuread_connections/admin_index.html"
    monkeypatch.setattr(admin.site, "index_template", template, raising=False)
    return lambda: html_of(boss, "/admin/")


SignIn = Callable[..., Client]


@pytest.fixture
def company(entra: StandIn, settings: Any, application: Any) -> Company:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "LOGIN_URL": entra.url,
        "GRAPH_URL": entra.graph_url,
    }
    return Company.create(entra, application)


def test_what_would_stop_is_named_with_its_date_and_linked(
    connection: Connection, front_page: Callable[[], str]
) -> None:
    expires_at = timezone.now() + timedelta(days=12)
    CredentialFactory(connection=connection, expires_at=expires_at)
    page = front_page()
    assert (
        f'<a href="{change_page(connection)}#credentials-group"><strong>contoso</strong></a>'
        in page
    )
    assert f"({expires_at.astimezone(UTC):%Y-%m-%d})" in page
    assert "would stop: default" in page


def test_what_has_expired_has_stopped(
    connection: Connection, front_page: Callable[[], str]
) -> None:
    CredentialFactory(connection=connection, expires_at=datetime(2026, 1, 2, tzinfo=UTC))
    page = front_page()
    assert "(2026-01-02)" in page
    assert "– stopped: default" in page


def test_the_front_page_names_what_expires(
    company: Company, boss: Client, staff: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.contrib import admin

    monkeypatch.setattr(
        admin.site, "index_template", "azuread_connections/admin_index.html", raising=False
    )
    Credential.objects.update(expires_at=timezone.now() + timedelta(days=5))
    assert "expires in 5 days" in boss.get("/admin/").content.decode()
    assert "expires in 5 days" not in staff("view_event").get("/admin/").content.decode()
    assert Connection.objects.exists()
