"""A company at Microsoft and on this site, and the browser of one of its people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from azuread_connections.models import Application, Connection, DomainAlias
from azuread_connections.testing import StandIn
from azuread_connections.testing.directory.directories import App, Directory, Person
from tests.factories import ConnectionFactory, CredentialFactory, EnabledConnectionFactory

CALLBACK_URL = "http://testserver/login/callback"


@dataclass
class Company:
    """A directory at Microsoft with an app and a person, and our connection to it."""

    microsoft: StandIn
    directory: Directory
    app: App
    person: Person
    connection: Connection

    @classmethod
    def create(
        cls,
        microsoft: StandIn,
        application: Application,
        *,
        name: str = "contoso",
        domain: str = "contoso.com",
        person: str = "Adele Vance",
        pinned: bool = True,
        **options: Any,
    ) -> Company:
        directory = microsoft.add_directory(domain)
        app = directory.add_app(redirect_uris=[CALLBACK_URL])
        connection = ConnectionFactory.create(
            name=name,
            domain=domain,
            tenant_id="",
            client_id=app.client_id,
            **options,
        )
        if pinned:
            connection.pin(directory.tenant_id)
        CredentialFactory.create(connection=connection, value=app.secrets[0].value)
        EnabledConnectionFactory.create(application=application, connection=connection)
        return cls(microsoft, directory, app, directory.add_person(person), connection)

    def edited_before(self, seconds: float, **change: Any) -> None:
        """Edit the connection as another process did so many seconds ago.

        A sign-in that begins within a few seconds after an edit, and finds the connection edited at
        its end, begins again by itself: see ``ConnectionEdited``.
        """
        moment = timezone.now() - timedelta(seconds=seconds)
        Connection.objects.filter(pk=self.connection.pk).update(updated_at=moment, **change)

    def start(self, client: Client, **parameters: str) -> str:
        """Press the button; return Microsoft's address that the browser is sent to."""
        url = reverse("azuread_connections:start", args=[self.connection.name])
        response = client.get(url, parameters)
        assert response.status_code == 302, response.content
        return response["Location"]

    def come_back(self, client: Client, authorize_url: str, person: Person | None = None) -> Any:
        """Pick a person at Microsoft; return our answer to the callback."""
        return client.get(self.microsoft.sign_in(authorize_url, person or self.person))

    def sign_in(self, client: Client, person: Person | None = None, **parameters: str) -> Any:
        """Go through a whole sign-in; return our answer to the callback."""
        return self.come_back(client, self.start(client, **parameters), person)


def unprove() -> None:
    """Remove every domain's verification, as if Microsoft had never been asked."""
    DomainAlias.objects.forget_proofs()


def move_to(connection: Connection, domain: str) -> None:
    """Give a connection another domain, as if Microsoft could not be reached."""
    connection.domain = domain
    connection.save()


def is_proven(domain: str = "contoso.com") -> bool:
    return DomainAlias.objects.verified().filter(domain=domain).exists()


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def transaction_of(url: str) -> str:
    """Return the name of the transaction in an address: in `state`, before where it began."""
    return query_of(url)["state"].partition(".")[0]


def error_code(response: Any) -> str:
    """Return the stable code on an error page; fail if the response is not one."""
    text = response.content.decode()
    marker = 'data-error-code="'
    assert marker in text, f"{response.status_code}: {text[:500]}"
    return text.split(marker)[1].split('"')[0]
