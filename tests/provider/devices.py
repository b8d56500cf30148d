"""A device at the other end of the wire, and the person who types its code."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from typing import Any

from django.test import Client

from azuread_connections.provider.models import DeviceAuthorization
from tests.provider.relying_party import SCOPE, RelyingParty

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
ACTIVATE = "/id/activate"


@dataclass
class Device:
    """A device that has asked for codes. ``answer``: what it was given."""

    party: RelyingParty
    answer: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def ask(cls, party: RelyingParty, **changes: str | None) -> Device:
        response = ask(party, **changes)
        assert response.status_code == 200, response.content
        return cls(party, response.json())

    @property
    def user_code(self) -> str:
        return str(self.answer["user_code"])

    def poll(self, **changes: str | None) -> Any:
        return self.party.token(
            grant_type=GRANT_TYPE, **{"device_code": self.answer["device_code"], **changes}
        )

    def error(self) -> str:
        response = self.poll()
        assert response.status_code == 400, response.content
        return str(response.json()["error"])

    def tokens(self) -> dict[str, Any]:
        response = self.poll()
        assert response.status_code == 200, response.content
        found: dict[str, Any] = response.json()
        return found

    def row(self) -> DeviceAuthorization:
        return DeviceAuthorization.objects.get(client=self.party.client)


def ask(party: RelyingParty, **changes: str | None) -> Any:
    given = {**party.credentials(), "scope": SCOPE, **changes}
    form = {name: value for name, value in given.items() if value is not None}
    return Client().post("/id/oauth/device/code", form)


def pass_time(**amount: float) -> None:
    """Let time pass for all devices."""
    span = timedelta(**amount)
    for row in DeviceAuthorization.objects.all():
        row.expires_at -= span
        row.created_at -= span
        if row.polled_at:
            row.polled_at -= span
        row.save()
        if row.authorization:
            row.authorization.code_expires_at -= span
            row.authorization.save()


def type_code(browser: Client, code: str) -> Any:
    return browser.post(ACTIVATE, {"user_code": code})


def sealed_of(page: Any) -> str:
    """What the confirmation page sends back."""
    assert page.status_code == 200, page.content
    (found,) = re.findall(r'name="request" value="([^"]+)"', page.content.decode())
    return unescape(found)


def answer(browser: Client, code: str, choice: str = "allow") -> Any:
    """Type a code and answer the confirmation page."""
    sealed = sealed_of(type_code(browser, code))
    return browser.post(ACTIVATE, {"request": sealed, choice: "1"})
