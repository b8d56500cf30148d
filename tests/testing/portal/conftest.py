from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import requests

from azuread_connections.testing import App, Directory, StandIn
from tests.testing.contoso import get, post


@dataclass
class Portal:
    """The portal of Contoso's directory, over HTTP."""

    entra: StandIn
    directory: Directory

    def url(self, path: str = "") -> str:
        return f"{self.entra.url}/_standin/portal/{self.directory.tenant_id}/{path}"

    def read(self, path: str = "") -> str:
        answer = get(self.url(path))
        assert answer.status_code == 200, answer.text
        return answer.text

    def send(self, path: str, do: str, /, **fields: str) -> requests.Response:
        return post(self.url(path), {"do": do, **fields})

    def press(self, path: str, do: str, /, **fields: str) -> str:
        """Send a form that is accepted; returns the page that follows."""
        answer = self.send(path, do, **fields)
        assert answer.status_code == 303, answer.text
        return requests.get(self.entra.url + answer.headers["Location"], timeout=10).text

    def refusal(self, path: str, do: str, /, **fields: str) -> str:
        answer = self.send(path, do, **fields)
        assert answer.status_code == 400
        assert "<title>Error: " in answer.text
        return answer.text

    def register(self, **changes: str) -> App:
        fields = {
            "name": "Example portal",
            "account_type": "AzureADMyOrg",
            "platform": "web",
            "redirect_uri": "https://portal.contoso.com/login/callback",
        }
        self.press("apps/new", "register", **fields | changes)
        return self.directory.apps[-1]

    def upload(self, app: App, file: Any) -> requests.Response:
        return requests.post(
            self.url(f"apps/{app.client_id}/credentials"),
            data={"do": "upload", "certificate_description": "Portal’s"},
            files={"certificate": file} if file is not None else {"certificate": ("", b"")},
            timeout=10,
        )


@pytest.fixture
def portal(entra: StandIn) -> Portal:
    directory = entra.add_directory("contoso.com", domains=["contoso.net"])
    directory.add_person("Adele Vance")
    directory.add_person("Megan Bowen", admin=True)
    return Portal(entra, directory)
