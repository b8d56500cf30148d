"""The clients of django-allauth's provider, and a person's session."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Client

from benchmarks.peers import person as people
from benchmarks.peers.oauth import MACHINE, REDIRECT_URI, SCOPES, WEB


def create() -> None:
    web = Client(id=WEB.client_id, name=WEB.client_id, redirect_uris=REDIRECT_URI)
    web.set_scopes(list(SCOPES))
    web.set_grant_types(["authorization_code", "refresh_token"])
    web.set_secret(WEB.secret)
    # Nobody is asked, as with this app's clients, which are the site's own.
    web.skip_consent = True
    web.save()
    machine = Client(id=MACHINE.client_id, name=MACHINE.client_id)
    machine.set_grant_types(["client_credentials"])
    machine.set_secret(MACHINE.secret)
    machine.save()


def sign_in(microsoft: str, person: str) -> str:
    """Return the cookie of a browser in which somebody has signed in."""
    user = people.create()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return people.session_of(user)
