"""The buttons "Continue with <display name>", and the addresses of sign-in links."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode

from ...models import Connection
from ..lookup import addresses


@dataclass(frozen=True)
class Button:
    """One button. ``initial`` is shown if there is no logo."""

    label: str
    logo_url: str
    url: str

    @property
    def initial(self) -> str:
        return self.label[:1].upper()


def buttons(connections: Iterable[Connection], **parameters: str) -> list[Button]:
    """Return the buttons of connections. For the parameters, see ``start_url``."""
    return [
        Button(
            label=connection.label,
            logo_url=connection.logo_url,
            url=start_url(connection, **parameters),
        )
        for connection in connections
    ]


def start_url(connection: Connection, **parameters: str) -> str:
    """Return the address that begins a sign-in by this connection.

    Parameters: ``application`` (a slug), ``next`` (a safe destination), ``login_hint``, ``prompt``,
    ``max_age`` and ``acr`` (see ``StepUp``); empty ones are left out.
    """
    return start_url_of(connection.name, **parameters)


def start_url_of(name: str, **parameters: str) -> str:
    """Return ``start_url`` for the name of a connection."""
    return reverse(f"{addresses.NAMESPACE}:start", args=[name]) + query(**parameters)


def sign_in_url(**parameters: str) -> str:
    """Return the path of the sign-in page. ``StartView`` changes the host if necessary."""
    return reverse(f"{addresses.NAMESPACE}:sign_in") + query(**parameters)


def query(**parameters: str) -> str:
    """Return "?name=value&…" of the parameters that are not empty."""
    given = {name: value for name, value in parameters.items() if value}
    return f"?{urlencode(given)}" if given else ""
