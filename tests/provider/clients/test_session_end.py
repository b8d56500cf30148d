"""What ends a person's access ends it for clients, over HTTP, within the session-check interval."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from django.contrib.auth import get_user_model
from django.core.cache import cache

from azuread_connections.models import Application, EnabledConnection, Identity, Revocation
from tests.company import Company
from tests.provider.clients.authlib_client import sign_in
from tests.provider.clients.person import Person
from tests.provider.clients.site import Site
from tests.provider.relying_party import RelyingParty

pytestmark = pytest.mark.django_db(transaction=True)


def revoke_the_person(company: Company) -> None:
    Revocation.of_identity(company.connection, Identity.objects.get().pk)


def disable_the_connection(company: Company) -> None:
    EnabledConnection.objects.filter(connection=company.connection).delete()


def deactivate_the_user(company: Company) -> None:
    get_user_model().objects.update(is_active=False)


ENDS = pytest.mark.parametrize(
    "end", [revoke_the_person, disable_the_connection, deactivate_the_user]
)


@pytest.fixture(params=[Application.Type.REGULAR_WEB, Application.Type.NATIVE])
def signed_in(
    request: pytest.FixtureRequest, site: Site, contoso: Company, person: Person
) -> Iterator[OAuth2Session]:
    """A client at which Adele Vance is signed in, and whose access token has just been used."""
    party = RelyingParty.create(contoso, application_type=request.param)
    with sign_in(site, party, person) as session:
        assert session.get(f"{site.issuer}userinfo").status_code == 200
        yield session


@ENDS
def test_a_refresh_is_refused_at_once(
    end: Callable[[Company], None], site: Site, contoso: Company, signed_in: OAuth2Session
) -> None:
    end(contoso)
    with pytest.raises(OAuthError, match="invalid_grant"):
        signed_in.refresh_token()
    # The refusal has ended the access token, too.
    assert signed_in.get(f"{site.issuer}userinfo").status_code == 401


@ENDS
def test_the_access_token_ends_with_the_interval(
    end: Callable[[Company], None],
    site: Site,
    contoso: Company,
    signed_in: OAuth2Session,
    settings: Any,
) -> None:
    end(contoso)
    cache.clear()  # where it is remembered for SESSION_CHECK_SECONDS that the person may sign in
    answer = signed_in.get(f"{site.issuer}userinfo")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@ENDS
def test_the_person_cannot_sign_in_to_the_client_again_without_microsoft(
    end: Callable[[Company], None],
    site: Site,
    contoso: Company,
    signed_in: OAuth2Session,
    person: Person,
) -> None:
    end(contoso)
    cache.clear()
    before = contoso.microsoft.count("authorize")
    answer = person.session.get(
        signed_in.create_authorization_url(
            f"{site.issuer}authorize", code_verifier="v" * 43, prompt="none"
        )[0],
        allow_redirects=False,
    )
    assert "error=login_required" in answer.headers["Location"]
    assert contoso.microsoft.count("authorize") == before
