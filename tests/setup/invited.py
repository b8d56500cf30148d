"""A customer's administrator whose connection is set up, at the step of the trial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.urls import reverse

from azuread_connections.models import SetupLink, SetupSession
from azuread_connections.setup import steps
from azuread_connections.setup.links import create_link
from tests.company import Company


@dataclass
class Invited:
    """A link for a company's connection, opened in a browser, with every step reached."""

    company: Company
    client: Client
    link: SetupLink
    token_path: str

    @classmethod
    def invite(cls, company: Company, client: Client, **options: Any) -> Invited:
        """Create a link and open it. The connection is enabled for no application any more."""
        applications = list(company.connection.applications.all())
        company.connection.applications.clear()
        made = create_link(applications=applications, connection=company.connection, **options)
        customer = cls(company, client, made.link, made.path)
        customer.open()
        SetupLink.objects.filter(pk=made.link.pk).update(step=steps.TRY)
        made.link.refresh_from_db()
        return customer

    def open(self, client: Client | None = None) -> None:
        assert (client or self.client).post(self.token_path).status_code == 302

    def path(self, step: str) -> str:
        return reverse("azuread_connections:setup_step", args=[self.link.reference, step])

    def get(self, step: str, **query: str) -> str:
        response = self.client.get(self.path(step), query)
        assert response.status_code == 200, response
        return response.content.decode()

    def post(self, step: str, **fields: str) -> Any:
        return self.client.post(self.path(step), fields)

    def begin_trial(self) -> Any:
        """Press Try; return the page that continues to Microsoft."""
        return self.post(steps.TRY, **{"try": "1"})

    def try_it(self, person: Any = None) -> str:
        """Go through a whole trial; return the page of the step."""
        callback = self.company.microsoft.sign_in(self.begin_trial(), person or self.company.person)
        response = self.client.get(callback)
        assert response["Location"] == self.path(steps.TRY), response
        return self.get(steps.TRY)

    @property
    def session(self) -> SetupSession:
        return SetupSession.objects.filter(link=self.link).latest("pk")
