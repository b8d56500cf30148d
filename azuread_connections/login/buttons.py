"""The buttons "Continue with <display name>"."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from ..conf import conf
from ..models import Connection
from . import addresses
from .enabled import connections_shown


@dataclass(frozen=True)
class Button:
    """One button. ``initial`` stands where there is no logo."""

    label: str
    logo_url: str
    url: str

    @property
    def initial(self) -> str:
        return self.label[:1].upper()


def buttons(application: str, destination: str) -> list[Button]:
    """Return the buttons of an application, in one query. ``destination``: a path, or ""."""
    return [
        Button(
            label=connection.label,
            logo_url=connection.logo_url,
            url=start_url(connection, application, destination),
        )
        for connection in connections_shown(application)
    ]


def start_url(connection: Connection, application: str, destination: str) -> str:
    """Return the address that begins a sign-in by this connection."""
    path = reverse(f"{addresses.NAMESPACE}:start", args=[connection.name])
    return path + query(application, destination)


def sign_in_url(application: str, destination: str) -> str:
    """Return the sign-in page's address, on the host where signing in works."""
    path = reverse(f"{addresses.NAMESPACE}:sign_in")
    return conf.public_url + path + query(application, destination)


def query(application: str, destination: str) -> str:
    """Return "?application=…&next=…" with what is not the default."""
    parameters = {}
    if application != conf.default_application:
        parameters["application"] = application
    if destination:
        parameters["next"] = destination
    return f"?{urlencode(parameters)}" if parameters else ""


def application_of(request: HttpRequest) -> str:
    """Return the slug of the application that a request is about."""
    return request.GET.get("application") or conf.default_application


def asked_destination(request: HttpRequest) -> str:
    """Return the request's `next`, if it is safe and not the default; else ""."""
    destination = addresses.safe_destination(request, request.GET.get("next"))
    return "" if destination == addresses.default_destination() else destination
