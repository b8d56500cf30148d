"""A stand-in for Microsoft's login service: for the demo, for our tests and for yours.

    from azuread_connections.testing import StandIn

    with StandIn() as entra:
        contoso = entra.add_directory("contoso.com")
        adele = contoso.add_person("Adele Vance")
        app = contoso.add_app(redirect_uris=["http://localhost/login/callback"])

Pytest users get all this as the fixture `entra`, with
`pytest_plugins = ["azuread_connections.testing.plugin"]` in their conftest.py.
"""

from __future__ import annotations

from .apps import App, AppSecret
from .browser import StandInPageError, next_address
from .directory import Directory, Person
from .groups import DirectoryRole, Group
from .standin import StandIn
from .wire import RecordedRequest

__all__ = [
    "App",
    "AppSecret",
    "Directory",
    "DirectoryRole",
    "Group",
    "Person",
    "RecordedRequest",
    "StandIn",
    "StandInPageError",
    "next_address",
]
