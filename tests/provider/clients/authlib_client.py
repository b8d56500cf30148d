"""A client written with Authlib's session, as a web or native application has it."""

from __future__ import annotations

from typing import Any

from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session

from tests.provider.clients.person import Person
from tests.provider.clients.site import Site
from tests.provider.relying_party import SCOPE, RelyingParty


def session_of(site: Site, party: RelyingParty) -> OAuth2Session:
    session = OAuth2Session(
        party.client_id,
        party.secret or None,
        redirect_uri=party.callback,
        scope=SCOPE,
        code_challenge_method="S256",
        token_endpoint=f"{site.issuer}oauth/token",
        token_endpoint_auth_method="client_secret_basic" if party.secret else "none",
    )
    session.trust_env = False
    session.verify = str(site.certificate)
    return session


def begin(
    session: OAuth2Session, site: Site, person: Person, **parameters: str
) -> tuple[str, dict[str, Any]]:
    """Lead a person to the authorization endpoint. Returns where they come back to, and what the
    client needs to exchange the code."""
    verifier = generate_token(48)
    url, state = session.create_authorization_url(
        f"{site.issuer}authorize",
        code_verifier=verifier,
        connection=person.company.connection.name,
        **parameters,
    )
    back = person.open(url, until=session.redirect_uri)
    return back, {"state": state, "code_verifier": verifier}


def sign_in(site: Site, party: RelyingParty, person: Person, **parameters: str) -> OAuth2Session:
    session = session_of(site, party)
    back, kept = begin(session, site, person, **parameters)
    session.fetch_token(authorization_response=back, **kept)
    return session
