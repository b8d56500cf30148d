"""The admin pages in projects that differ from ours."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import include, path
from django.utils import timezone

from azuread_connections import admin
from azuread_connections.credentials.status import CredentialStatus
from azuread_connections.models import (
    Application,
    Connection,
    Credential,
    Directory,
    Event,
    Identity,
    SetupLink,
)
from azuread_connections.testing import StandIn
from tests.admin.conftest import SECRET
from tests.admin.pages import ADD, change_page, filled_in, text
from tests.factories import SetupLinkFactory

backoffice = AdminSite(name="backoffice")
backoffice.register(Application, admin.ApplicationAdmin)
backoffice.register(Connection, admin.ConnectionAdmin)
backoffice.register(Identity, admin.IdentityAdmin)
backoffice.register(Directory, admin.DirectoryAdmin)
backoffice.register(Event, admin.EventAdmin)
backoffice.register(SetupLink, admin.SetupLinkAdmin)

urlpatterns = [
    path("login/", include("azuread_connections.urls")),
    path("backoffice/", backoffice.urls),
]


def test_a_custom_admin_site_works(
    boss: Client, connection: Connection, settings: Any, microsoft: StandIn
) -> None:
    settings.ROOT_URLCONF = __name__
    connection.credentials.create(value=SECRET)
    connection.enable_users_api = True
    connection.save()
    directory = connection.directories.create(tenant_id="t", status="waiting")
    identity = Identity.objects.create(
        user=get_user_model().objects.get(), cloud="global", tenant_id="t", object_id="o"
    )
    link = SetupLinkFactory.create(
        connection=connection,
        applications=connection.applications.all(),
        finished_at=timezone.now(),
    )
    base = "/backoffice/azuread_connections"
    for page in (
        "connection/",
        "connection/add/",
        f"connection/{connection.pk}/change/",
        f"connection/{connection.pk}/delete/",
        f"connection/{connection.pk}/history/",
        "application/",
        "application/add/",
        "identity/",
        "event/",
        "directory/",
        "directory/add/",
        f"directory/{directory.pk}/change/",
        f"identity/{identity.pk}/change/",
        f"application/{connection.applications.get().pk}/change/",
        f"connection/{connection.pk}/users/",
        "connection/invite/",
        f"connection/{connection.pk}/invite/",
        "setuplink/",
        f"setuplink/{link.pk}/change/",
        f"setuplink/{link.pk}/approve/",
        f"setuplink/{link.pk}/revoke/",
    ):
        response = boss.get(f"{base}/{page}")
        assert response.status_code == 200
        assert 'href="/admin/' not in response.content.decode()
    response = boss.post(f"{base}/connection/add/", filled_in(name="second"))
    assert response["Location"] == f"{base}/connection/"
    chosen = {"action": "delete_selected", "_selected_action": [connection.pk]}
    assert "Are you sure" in text(boss.post(f"{base}/connection/", chosen))


def test_a_site_that_has_not_included_our_urls_yet(boss: Client, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.admin.urls_admin_only"
    assert "add azuread_connections.urls to its URL configuration" in text(boss.get(ADD))


def test_a_site_without_time_zones(
    boss: Client, microsoft: StandIn, application: Application, settings: Any
) -> None:
    settings.USE_TZ = False
    settings.TIME_ZONE = "America/Los_Angeles"
    data = filled_in(new_secret=SECRET, new_secret_expires="2027-04-30")
    assert boss.post(ADD, data).status_code == 302
    secret = Credential.objects.get()
    assert secret.expires_at == datetime(2027, 4, 29, 17, 0)
    page = boss.get(change_page(secret.connection)).content.decode()
    assert 'name="credentials-0-expires_at" value="2027-04-30"' in page
    for filtered in CredentialStatus.values:
        url = f"/admin/azuread_connections/connection/?secret={filtered}"
        assert boss.get(url).status_code == 200


def test_a_site_whose_admin_has_no_set_up_links(
    boss: Client, connection: Connection, application: Application, settings: Any
) -> None:
    """Somebody can be invited there, and no page links to one that is missing."""
    settings.ROOT_URLCONF = __name__
    backoffice.unregister(SetupLink)
    try:
        link = SetupLinkFactory.create(connection=connection, finished_at=timezone.now())
        base = f"/backoffice/azuread_connections/connection/{connection.pk}"
        page = boss.get(f"{base}/change/")
        assert "finished, waits for approval" in text(page)
        assert "setuplink" not in page.content.decode()
        data = {"purpose": "renew", "days": "5", "openings": "1"}
        page = boss.post(f"{base}/invite/", data)
        assert "This address is shown only now." in text(page)
        assert "setuplink" not in page.content.decode()
        assert link.connection == connection
    finally:
        backoffice.register(SetupLink, admin.SetupLinkAdmin)
