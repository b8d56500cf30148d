"""A directory that provisions: what Entra sends, as a test writes it."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from django.test import Client

from azuread_connections.models import Connection
from azuread_connections.scim import tokens

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


def guid() -> str:
    return str(uuid.uuid4())


def user(user_name: str = "adele@contoso.com", **attributes: Any) -> dict[str, Any]:
    """A User as Entra posts it."""
    return {
        "schemas": [USER, ENTERPRISE],
        "userName": user_name,
        "externalId": guid(),
        "active": True,
        "displayName": "Adele Vance",
        "name": {"givenName": "Adele", "familyName": "Vance"},
        "emails": [{"primary": True, "type": "work", "value": user_name}],
        "meta": {"resourceType": "User"},
        **attributes,
    }


def group(display_name: str = "Engineering", **attributes: Any) -> dict[str, Any]:
    return {
        "schemas": [GROUP],
        "displayName": display_name,
        "externalId": guid(),
        "meta": {"resourceType": "Group"},
        **attributes,
    }


@dataclass
class Provisioning:
    """Sends requests to the SCIM endpoint of a connection."""

    connection: Connection
    token: str
    client: Client

    @classmethod
    def of(cls, connection: Connection) -> Provisioning:
        token = tokens.create(connection)[1]
        return cls(connection, token, Client(raise_request_exception=False))

    def send(self, method: str, path: str, content: Any = None) -> Any:
        body = content if isinstance(content, str | bytes) else json.dumps(content)
        return self.client.generic(
            method,
            f"/scim/{self.connection.name}/v2/{path}",
            b"" if content is None else body,
            content_type="application/scim+json",
            headers={"Authorization": f"Bearer {self.token}"},
        )

    def get(self, path: str) -> Any:
        return self.send("GET", path)

    def post(self, path: str, content: Any) -> Any:
        return self.send("POST", path, content)

    def create(self, content: dict[str, Any]) -> dict[str, Any]:
        """Create a User or a Group, and return it."""
        path = "Groups" if GROUP in content["schemas"] else "Users"
        response = self.post(path, content)
        assert response.status_code == 201, response.content
        return dict(response.json())

    def patch(self, path: str, *operations: dict[str, Any]) -> Any:
        return self.send("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})

    def change(self, resource: dict[str, Any], *operations: dict[str, Any]) -> Any:
        """Patch a User or a Group; return the answer, which must be a success."""
        path = "Groups" if GROUP in resource["schemas"] else "Users"
        response = self.patch(f"{path}/{resource['id']}", *operations)
        assert response.status_code in {200, 204}, response.content
        return response

    def set_active(self, resource: dict[str, Any], active: Any) -> None:
        self.change(resource, {"op": "Replace", "path": "active", "value": active})
