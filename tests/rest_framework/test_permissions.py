from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from azuread_connections.rest_framework import AccessTokenAuth, HasPersonRole, HasRole, HasScope
from tests.company import Company

from .conftest import Call, persons_token

pytestmark = pytest.mark.django_db


def daemons_token(api: Company, *roles: str) -> str:
    return api.microsoft.mint_api_token(
        api.directory, api.app, client=api.directory.add_app(), roles=list(roles)
    )


@pytest.mark.parametrize("where", ["files", "both", "combined"])
def test_a_scope_gives_permission(token: str, call: Call, where: str) -> None:
    response = call(token, where)
    assert response.status_code == 200, response.content
    assert "WWW-Authenticate" not in response


@pytest.mark.parametrize("where", ["jobs", "both", "combined"])
def test_an_applications_role_gives_permission(api: Company, call: Call, where: str) -> None:
    response = call(daemons_token(api, "Files.Read.All"), where)
    assert response.status_code == 200, response.content
    assert "WWW-Authenticate" not in response


def test_a_missing_scope_is_named(api: Company, call: Call) -> None:
    response = call(persons_token(api, scopes=["Files.Write"]), "files")
    assert response.status_code == 403
    assert response["WWW-Authenticate"] == (
        'Bearer realm="api", error="insufficient_scope", scope="Files.Read"'
    )


@pytest.mark.parametrize("scope", ["files.read", "Files.Read.All", "Files"])
def test_another_scope_gives_no_permission(api: Company, call: Call, scope: str) -> None:
    assert call(persons_token(api, scopes=[scope]), "files").status_code == 403


@pytest.mark.parametrize("where", ["jobs", "both", "combined"])
def test_a_scope_does_not_stand_for_a_role(api: Company, call: Call, where: str) -> None:
    token = persons_token(api, scopes=["Files.Read.All"], roles=["Files.Read.All"])
    assert call(token, where).status_code == 403


@pytest.mark.parametrize("where", ["both", "combined"])
def test_a_role_does_not_stand_for_a_scope(api: Company, call: Call, where: str) -> None:
    assert call(daemons_token(api, "Files.Read"), where).status_code == 403


def test_a_persons_role_gives_permission(api: Company, call: Call) -> None:
    api.app.assign_roles(api.person, "Approver")
    assert call(persons_token(api), "approvals").status_code == 200
    api.app.assign_roles(api.person, "Reader")
    assert call(persons_token(api), "approvals").status_code == 403


def test_an_applications_role_does_not_stand_for_a_persons(api: Company, call: Call) -> None:
    assert call(daemons_token(api, "Approver"), "approvals").status_code == 403


def test_an_application_has_no_scopes_whatever_its_token_says() -> None:
    auth = AccessTokenAuth(
        issuer="",
        audience="",
        client_id="",
        is_app_only=True,
        scopes=frozenset({"Files.Read"}),
        roles=frozenset(),
        tenant_id="",
        object_id="",
        connection=None,
        issued_at=0,
        expires_at=0,
    )
    permission: Any = HasScope("Files.Read")
    assert not permission.condition(auth)
    assert permission.condition(replace(auth, is_app_only=False))


def test_a_session_is_no_token(contoso: Company, client: Client, settings: Any) -> None:
    """Of a view that takes sessions, too, the permissions by scope and role are for tokens."""
    settings.ROOT_URLCONF = "tests.rest_framework.urls"
    contoso.sign_in(client)
    assert client.get("/api/session").status_code == 403


@pytest.mark.parametrize("where", ["files", "jobs", "both", "combined", "approvals"])
def test_a_request_without_a_token_is_asked_for_one(db: None, where: str) -> None:
    response = Client().get(f"/api/{where}")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'


def test_a_permission_names_something(db: None) -> None:
    with pytest.raises(TypeError):
        HasScope()
    with pytest.raises(TypeError):
        HasRole()
    with pytest.raises(TypeError):
        HasPersonRole()
