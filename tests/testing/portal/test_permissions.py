from __future__ import annotations

import pytest

from azuread_connections.testing import App
from tests.testing.contoso import get, post

from .conftest import Portal


@pytest.fixture
def app(portal: Portal) -> App:
    return portal.register()


@pytest.fixture
def path(app: App) -> str:
    return f"apps/{app.client_id}/permissions"


def add(portal: Portal, path: str, *names: str) -> str:
    return portal.press(path, "add", **dict.fromkeys(names, "1"))


def test_added_permissions_wait_for_consent(portal: Portal, app: App, path: str) -> None:
    page = add(portal, path, "delegated:GroupMember.Read.All", "application:User.Read.All")
    assert app.delegated == ["User.Read", "GroupMember.Read.All"]
    assert app.application == ["User.Read.All"]
    assert app.granted_application(portal.directory) == set()
    assert page.count("Not granted for Contoso") == 2


def test_consent_grants_what_is_listed(portal: Portal, app: App, path: str) -> None:
    add(portal, path, "application:User.Read.All")
    page = portal.press(path, "grant")
    assert page.count("Granted for Contoso") == 2
    assert app.granted_delegated(portal.directory) == {"User.Read"}
    app.add_secret("the-secret")
    form = {
        "grant_type": "client_credentials",
        "client_id": app.client_id,
        "client_secret": "the-secret",
        "scope": "https://graph.microsoft.com/.default",
    }
    address = f"{portal.entra.url}/{portal.directory.tenant_id}/oauth2/v2.0/token"
    token = post(address, form).json()["access_token"]
    found = get(
        f"{portal.entra.graph_url}/v1.0/users", headers={"Authorization": f"Bearer {token}"}
    )
    assert len(found.json()["value"]) == 2


def test_what_graph_does_not_have_is_not_added(portal: Portal, app: App, path: str) -> None:
    add(portal, path, "delegated:Everything.All", "application:Directory.AccessAsUser.All")
    add(portal, path, "delegated:User.Read")
    assert (app.delegated, app.application) == (["User.Read"], [])


def test_a_permission_is_removed_from_its_own_kind(portal: Portal, app: App, path: str) -> None:
    add(portal, path, "delegated:User.Read.All", "application:User.Read.All")
    portal.press(path, "remove", key="application:User.Read.All")
    assert (app.delegated, app.application) == (["User.Read", "User.Read.All"], [])
