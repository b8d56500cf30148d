"""Run by ``tests/scim/with_provider`` with both sub-apps: their pages on an admin site of a site's
own, and in themes of the admin."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client

from azuread_connections.models import Application
from azuread_connections.testing import StandIn
from tests.company import Company
from tests.provider.admin.pages import filled_in
from tests.scim.admin.conftest import group_of, person_of, request_of
from tests.sites.admin_pages import furnish
from tests.sites.with_admin_sites import addresses

pytestmark = pytest.mark.django_db

FIRST = settings.INSTALLED_APPS[0]
THEME = "" if FIRST == "azuread_connections" else FIRST


# A theme is on Django's own site: django-unfold wants a class of its own for others.
@pytest.fixture(params=["/admin/"] if THEME else ["/backoffice/", "/admin/"])
def site(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def boss(db: None) -> Client:
    client = Client()
    user = get_user_model().objects.create_superuser("boss")
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def company(microsoft: StandIn, boss: Client) -> Company:
    return furnish(microsoft)


def open_page(client: Client, path: str, site: str) -> Any:
    response = client.get(path)
    assert response.status_code == 200, path
    assert not [each for each in addresses(response) - {"/"} if not each.startswith(site)], path
    [base] = {each.origin.name for each in response.templates if each.name == "admin/base.html"}
    assert f"/{THEME or 'django/contrib'}/" in base
    return response


def test_the_pages_of_a_client(company: Company, boss: Client, site: str) -> None:
    applications = f"{site}azuread_connections/application/"
    open_page(boss, f"{applications}add/", site)
    data = filled_in(allowed_callback_urls="https://orders.example.com/callback")
    created = boss.post(f"{applications}add/", data)
    assert created.status_code in {200, 302}
    application = Application.objects.get(slug="orders")
    for page in ("change", "add-secret", "remove-client", "delete", "history"):
        open_page(boss, f"{applications}{application.pk}/{page}/", site)
    secret = boss.post(f"{applications}{application.pk}/add-secret/", {"days": "90"})
    assert secret.status_code in {200, 302}
    assert not [each for each in addresses(secret) - {"/"} if not each.startswith(site)]
    open_page(boss, applications, site)


def test_the_pages_of_apis_and_notices(company: Company, boss: Client, site: str) -> None:
    for page in ("api/", "api/add/", "logoutnotice/"):
        open_page(boss, f"{site}azuread_provider/{page}", site)


def test_the_pages_of_provisioning(company: Company, boss: Client, site: str) -> None:
    connection = company.connection
    person = person_of(connection, "adele")
    group = group_of(connection, "Sales", person)
    request = request_of(connection)
    base = f"{site}azuread_scim"
    for page in (
        "provisionedperson/",
        f"provisionedperson/{person.pk}/change/",
        "provisionedgroup/",
        f"provisionedgroup/{group.pk}/change/",
        "provisioningrequest/",
        f"provisioningrequest/{request.pk}/change/",
        f"scimtoken/connection/{connection.pk}/",
    ):
        open_page(boss, f"{base}/{page}", site)
    made = boss.post(f"{base}/scimtoken/connection/{connection.pk}/", {"newest": "0"})
    assert re.search(r'id="azuread-scim-token">[^<]+<', made.content.decode())
    token = connection.scim_tokens.get()
    open_page(boss, f"{base}/scimtoken/{token.pk}/remove/", site)
    removed = boss.post(f"{base}/scimtoken/{token.pk}/remove/")
    assert removed["Location"].startswith(site)
    page = open_page(boss, f"{site}azuread_connections/connection/{connection.pk}/change/", site)
    assert "/scim/contoso/v2" in page.content.decode()
