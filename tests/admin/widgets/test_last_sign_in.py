from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client

from azuread_connections.models import Connection
from tests.admin.pages import change_page
from tests.company import Company

pytestmark = pytest.mark.django_db

ADMIN = "/admin/azuread_connections/"


@pytest.fixture
def microsoft(entra: Any, settings: Any) -> Any:
    """The stand-in without a directory: a company adds its own."""
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "LOGIN_URL": entra.url,
        "GRAPH_URL": f"{entra.url}/graph",
    }
    return entra


def let_in(client: Client, company: Company) -> list[Any]:
    page = client.get(change_page(company.connection)).context["directories"]
    rows = client.get(f"{ADMIN}directory/").context["cl"].result_list
    shown = admin.site.get_model_admin(type(rows[0])).last_seen
    return [re.sub("<[^>]*>", "", value) for value in (page[0]["last_seen"], shown(rows[0]))]


def test_a_sign_in_by_the_connections_own_directory_is_shown(
    boss: Client, contoso: Company
) -> None:
    assert let_in(boss, contoso) == ["never", "never"]
    assert contoso.sign_in(Client()).status_code == 302
    assert let_in(boss, contoso) == ["just now", "just now"]


def test_what_was_not_written_down_is_not_said_to_be_never(boss: Client, contoso: Company) -> None:
    contoso.sign_in(Client())
    Connection.objects.update(use_common_endpoint=True)
    assert let_in(boss, contoso) == ["–", "–"]
