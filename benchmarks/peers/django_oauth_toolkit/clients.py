"""The clients of django-oauth-toolkit, each with its one grant type, and a person's session."""

from __future__ import annotations

from oauth2_provider.models import get_application_model

from benchmarks.peers import person as people
from benchmarks.peers.oauth import MACHINE, REDIRECT_URI, WEB


def create() -> None:
    applications = get_application_model()._default_manager
    applications.create(
        client_id=WEB.client_id,
        client_secret=WEB.secret,
        client_type="confidential",
        authorization_grant_type="authorization-code",
        redirect_uris=REDIRECT_URI,
        # Nobody is asked, as with this app's clients, which are the site's own.
        skip_authorization=True,
        algorithm="RS256",
    )
    applications.create(
        client_id=MACHINE.client_id,
        client_secret=MACHINE.secret,
        client_type="confidential",
        authorization_grant_type="client-credentials",
    )


def sign_in(microsoft: str, person: str) -> str:
    """Return the cookie of a browser in which somebody has signed in."""
    return people.session_of(people.create())
