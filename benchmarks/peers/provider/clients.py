"""The clients of this app's provider, and a person who signs in to one of them by Microsoft."""

from __future__ import annotations

from azuread_connections.models import Application, Connection
from azuread_connections.provider.models import OAuthClient, OAuthClientSecret
from benchmarks.browser import Browser, Microsoft
from benchmarks.inside.site import WsgiSite, add_connection
from benchmarks.peers import OURS
from benchmarks.peers.oauth import MACHINE, REDIRECT_URI, WEB, Credentials


def create() -> None:
    connection: Connection = add_connection("contoso", OURS.client_id)
    application = _register(
        WEB,
        Application.Type.REGULAR_WEB,
        grant_types=["authorization_code", "refresh_token"],
        allowed_callback_urls=[REDIRECT_URI],
    )
    connection.applications.add(application)
    _register(MACHINE, Application.Type.MACHINE_TO_MACHINE, grant_types=["client_credentials"])


def sign_in(microsoft: str, person: str) -> str:
    """Return the cookie of a browser in which somebody has signed in to the web client."""
    browser = Browser(WsgiSite(), Microsoft(microsoft), person)
    start = f"{OURS.start}?application={WEB.client_id}"
    browser.come_back(browser.pass_microsoft(browser.start(start, OURS.method)))
    return f"sessionid={browser.cookies['sessionid']}"


def _register(credentials: Credentials, kind: str, **options: object) -> Application:
    application = Application.objects.create(
        name=credentials.client_id, slug=credentials.client_id, application_type=kind, **options
    )
    client = OAuthClient.objects.register(application, client_id=credentials.client_id)
    OAuthClientSecret.objects.add(client, credentials.secret)
    return application
