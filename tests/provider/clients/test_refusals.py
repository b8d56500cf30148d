"""What each kind of client lacks, it is refused: Authlib reports the standard error, over HTTP."""

from __future__ import annotations

import pytest
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

from azuread_connections.models import Application
from azuread_connections.provider.models import API
from tests.company import Company
from tests.provider.clients.authlib_client import begin, session_of, sign_in
from tests.provider.clients.person import Person
from tests.provider.clients.site import Site
from tests.provider.relying_party import RelyingParty

pytestmark = pytest.mark.django_db(transaction=True)

AUDIENCE = "https://api.example.com/"
LOOPBACK = "http://127.0.0.1:5000/callback"


@pytest.fixture
def native(contoso: Company) -> RelyingParty:
    return RelyingParty.create(
        contoso,
        application_type=Application.Type.NATIVE,
        callback="http://127.0.0.1/callback",
        grant_types=["authorization_code"],
    )


@pytest.fixture
def orders(db: None) -> API:
    return API._default_manager.create(identifier=AUDIENCE, name="Orders", scopes={"read": "read"})


def answer_to(session: OAuth2Session, site: Site, person: Person, **parameters: str) -> str:
    """Where an authorization request leads that needs nobody to sign in."""
    url, _state = session.create_authorization_url(
        f"{site.issuer}authorize", code_verifier="v" * 43, **parameters
    )
    answer = person.session.get(url, allow_redirects=False)
    return answer.headers.get("Location", f"page {answer.status_code}")


def test_a_machine_gets_no_token_for_an_api_that_it_is_not_granted(
    site: Site, machine: RelyingParty, orders: API
) -> None:
    with (
        session_of(site, machine) as session,
        pytest.raises(OAuthError, match="invalid_target"),
    ):
        session.fetch_token(grant_type="client_credentials", audience=AUDIENCE)


def test_a_machine_signs_nobody_in(site: Site, machine: RelyingParty, person: Person) -> None:
    with session_of(site, machine) as session:
        assert "error=unauthorized_client" in answer_to(session, site, person)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (Application.Type.REGULAR_WEB, "unauthorized_client"),
        # A public client cannot even say who it is.
        (Application.Type.NATIVE, "invalid_client"),
        (Application.Type.SPA, "invalid_client"),
    ],
)
def test_a_client_gets_no_token_for_itself_unless_that_is_ticked(
    site: Site, contoso: Company, kind: str, error: str
) -> None:
    party = RelyingParty.create(
        contoso, application_type=kind, grant_types=["authorization_code", "refresh_token"]
    )
    with session_of(site, party) as session, pytest.raises(OAuthError, match=error):
        session.fetch_token(grant_type="client_credentials")


def test_a_native_client_without_the_grant_gets_no_refresh_token(
    site: Site, native: RelyingParty, person: Person
) -> None:
    native.callback = LOOPBACK
    with sign_in(site, native, person) as session:
        assert session.get(f"{site.issuer}userinfo").status_code == 200
        assert "refresh_token" not in session.token
        with pytest.raises(OAuthError, match="unauthorized_client"):
            session.refresh_token(refresh_token="of somebody else")


@pytest.mark.parametrize(
    "callback",
    [
        "http://127.0.0.1:5000/other",
        "http://192.0.2.1:5000/callback",
        "https://client.example/callback",  # the portal's
    ],
)
def test_a_native_client_is_sent_to_no_address_that_is_not_its_own(
    site: Site, native: RelyingParty, portal: RelyingParty, person: Person, callback: str
) -> None:
    native.callback = callback
    with session_of(site, native) as session:
        assert answer_to(session, site, person) == "page 400"


def test_a_code_is_of_no_use_to_another_client(
    site: Site, contoso: Company, portal: RelyingParty, person: Person
) -> None:
    other = RelyingParty.create(contoso)
    with session_of(site, portal) as session, session_of(site, other) as thief:
        back, kept = begin(session, site, person)
        with pytest.raises(OAuthError, match="invalid_grant"):
            thief.fetch_token(authorization_response=back, **kept)


def test_a_client_of_somebody_else_needs_the_grant_of_an_api_that_it_asks_for(
    site: Site, contoso: Company, person: Person, orders: API
) -> None:
    party = RelyingParty.create(contoso, is_first_party=False)
    with session_of(site, party) as session:
        assert "error=invalid_target" in answer_to(session, site, person, audience=AUDIENCE)


def test_a_client_of_another_connections_people_is_refused_theirs(
    site: Site, contoso: Company, fabrikam: Company, person: Person
) -> None:
    party = RelyingParty.create(fabrikam)
    with session_of(site, party) as session:
        refused = answer_to(session, site, person, connection=contoso.connection.name)
        assert "error=invalid_request" in refused


def test_introspection_is_for_confidential_clients(site: Site, native: RelyingParty) -> None:
    answer = requests.post(
        f"{site.issuer}oauth/introspect",
        {"client_id": native.client_id, "token": "x"},
        verify=str(site.certificate),
        timeout=10,
    )
    assert answer.status_code == 401
