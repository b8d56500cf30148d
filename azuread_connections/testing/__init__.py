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

from .browser.client import StandInPageError, next_address
from .directory.apps import App, AppSecret
from .directory.credentials import AppCertificate, AppFederatedCredential, ManagedIdentity
from .directory.directories import Directory, Person
from .directory.groups import DirectoryRole, Group
from .issuer import Issuer
from .provisioning.job import ProvisioningJob
from .provisioning.report import Report
from .server.wire import RecordedRequest
from .standin import StandIn

__all__ = [
    "App",
    "AppCertificate",
    "AppFederatedCredential",
    "AppSecret",
    "Directory",
    "DirectoryRole",
    "Group",
    "Issuer",
    "ManagedIdentity",
    "Person",
    "ProvisioningJob",
    "RecordedRequest",
    "Report",
    "StandIn",
    "StandInPageError",
    "next_address",
]
