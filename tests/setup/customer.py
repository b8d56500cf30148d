"""A customer's administrator with a link, and what they have at Microsoft."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.test import Client

from azuread_connections.models import Application, Connection, SetupLink
from azuread_connections.setup.links import CreatedLink, create_link
from azuread_connections.testing import StandIn
from azuread_connections.testing.directory.directories import App, Directory
from tests.company import CALLBACK_URL

END = date.today() + timedelta(days=300)


@dataclass
class Customer:
    """``browser`` has opened the link."""

    directory: Directory
    app: App
    made: CreatedLink
    browser: Client

    @classmethod
    def create(
        cls, microsoft: StandIn, application: Application, browser: Client, **options: Any
    ) -> Customer:
        directory = microsoft.add_directory("contoso.com")
        app = directory.add_app(redirect_uris=[CALLBACK_URL])
        if "connection" not in options:
            options["name"] = "Contoso"
        if options.get("purpose") != "renew":
            options["applications"] = [application]
        made = create_link(**options)
        assert browser.post(made.path).status_code == 302
        return cls(directory, app, made, browser)

    @property
    def link(self) -> SetupLink:
        return SetupLink.objects.get(pk=self.made.link.pk)

    @property
    def connection(self) -> Connection:
        connection = self.link.connection
        assert connection is not None
        return connection

    def url(self, step: str) -> str:
        return f"/login/setup/{self.link.reference}/{step}"

    def go_on(self, step: str) -> None:
        assert self.browser.post(self.url(step)).status_code == 302

    def values(self, **changes: str) -> dict[str, str]:
        """What they see at Microsoft, as the fields of the form."""
        return {
            "domain": "contoso.com",
            "client_id": self.app.client_id,
            "client_secret": self.app.secrets[0].value,
            "expires_at": END.isoformat(),
            "seen": self.seen(),
        } | changes

    def seen(self, browser: Client | None = None) -> str:
        page = (browser or self.browser).get(self.url("credentials"))
        assert page.status_code == 200, page
        return str(page.context["form"]["seen"].value())

    def enter(self, **changes: str) -> Any:
        """Send the form of the step ``credentials``."""
        return self.browser.post(self.url("credentials"), self.values(**changes))

    def finish(self) -> Any:
        """Go to the last step, and press the button, as if those between had no form."""
        SetupLink.objects.filter(pk=self.made.link.pk).update(step="done")
        return self.browser.post(self.url("done"))


def errors_of(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 200, response
    return {
        name: [str(e) for e in found] for name, found in response.context["form"].errors.items()
    }
