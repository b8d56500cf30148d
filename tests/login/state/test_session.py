"""Open sessions end when their sign-in is no longer valid, with every session engine."""

from __future__ import annotations

import random
import secrets
import uuid
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import AsyncClient, Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from azuread_connections.entra.id_token import IdTokenClaims
from azuread_connections.login.lookup.enabled import SignInTarget
from azuread_connections.login.state import session
from azuread_connections.models import (
    Connection,
    Directory,
    EnabledConnection,
    Identity,
    Revocation,
)
from tests.company import Company
from tests.factories import (
    ApplicationFactory,
    ConnectionFactory,
    EnabledConnectionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

SID = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"


@pytest.fixture(autouse=True)
def at_once(settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 0}


def is_signed_in(client: Client) -> bool:
    return client.get("/login/profile").status_code == 200


def disable(company: Company) -> None:
    EnabledConnection.objects.filter(connection=company.connection).delete()


def trust_another_directory(company: Company) -> None:
    Connection.objects.update(tenant_id=SID)


def revoke_all(company: Company) -> None:
    Revocation.everybody(company.connection)


def revoke_person(company: Company) -> None:
    Revocation.of_identity(company.connection, Identity.objects.get().pk)


def deactivate(company: Company) -> None:
    User.objects.update(is_active=False)


def delete(company: Company) -> None:
    company.connection.delete()


ENDS = [
    disable,
    trust_another_directory,
    revoke_all,
    revoke_person,
    deactivate,
    delete,
]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("engine", ["db", "cache", "cached_db", "signed_cookies"])
def test_a_session_ends_with_what_it_rests_on(
    contoso: Company, client: Client, settings: Any, end: Any, engine: str
) -> None:
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    contoso.sign_in(client)
    assert is_signed_in(client)
    end(contoso)
    assert not is_signed_in(client)
    assert client.get("/").wsgi_request.user.is_anonymous


@pytest.mark.parametrize("end", ENDS)
def test_it_ends_the_same_where_no_query_can_be_prepared(
    nothing_compiles: None, contoso: Company, client: Client, end: Any
) -> None:
    contoso.sign_in(client)
    assert is_signed_in(client)
    end(contoso)
    assert not is_signed_in(client)


def refuse(company: Company) -> None:
    Directory.objects.update(status="refused")


def put_back(company: Company) -> None:
    Directory.objects.update(status="waiting")


def take_off_the_list(company: Company) -> None:
    Connection.objects.update(new_directories="listed")
    Directory.objects.all().delete()


@pytest.mark.parametrize("end", [refuse, put_back, take_off_the_list])
def test_where_several_directories_come_a_session_rests_on_its_own_one(
    contoso: Company, client: Client, end: Any
) -> None:
    contoso.app.multi_tenant = True
    Connection.objects.update(use_common_endpoint=True)
    contoso.sign_in(client)
    assert is_signed_in(client)
    end(contoso)
    assert not is_signed_in(client)
    assert contoso.sign_in(client).status_code == 403


@pytest.mark.parametrize("change", [refuse, put_back, take_off_the_list])
def test_of_a_single_directory_the_status_says_nothing(
    contoso: Company, client: Client, change: Any
) -> None:
    """Otherwise people would be signed in, and out again at the next request."""
    contoso.sign_in(client)
    change(contoso)
    assert is_signed_in(client)
    contoso.sign_in(client)
    assert is_signed_in(client)


def test_it_ends_for_async_views_too(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    disable(contoso)
    browser = AsyncClient()
    browser.cookies = client.cookies
    assert async_to_sync(browser.get)("/login/profile").status_code == 401


def test_a_new_sign_in_after_a_revocation_holds(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    revoke_all(contoso)
    assert not is_signed_in(client)
    contoso.sign_in(client)
    assert is_signed_in(client)


def test_others_stay(contoso: Company, fabrikam: Company, client: Client) -> None:
    other = Client()
    contoso.sign_in(client)
    fabrikam.sign_in(other)
    revoke_all(contoso)
    assert not is_signed_in(client)
    assert is_signed_in(other)


def test_a_password_session_is_not_checked(contoso: Company, client: Client) -> None:
    client.force_login(UserFactory.create())
    revoke_all(contoso)
    assert client.get("/").wsgi_request.user.is_authenticated


def test_a_session_lives_on_by_what_still_holds(
    contoso: Company, application: Any, client: Client
) -> None:
    portal = ApplicationFactory.create(slug="portal")
    EnabledConnectionFactory.create(application=portal, connection=contoso.connection)
    contoso.sign_in(client)
    contoso.sign_in(client, application="portal")
    EnabledConnection.objects.filter(application=application).delete()
    assert is_signed_in(client)
    EnabledConnection.objects.all().delete()
    assert not is_signed_in(client)


class ReadsFromAReplica:
    """A router of a site whose replica is missing: reading from it fails."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return "replica" if model._meta.app_label == "azuread_connections" else None

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"


def test_a_replica_that_lags_behind_is_not_asked(
    contoso: Company, client: Client, settings: Any
) -> None:
    """It does not have the newest sign-ins yet."""
    contoso.sign_in(client)
    request = RequestFactory().get("/")
    request.session = client.session
    settings.DATABASE_ROUTERS = [ReadsFromAReplica()]
    assert not session.prune_invalid_sign_ins(request)
    assert session.sign_ins(request)
    assert is_signed_in(client)


def test_the_database_is_asked_only_now_and_then(
    contoso: Company, client: Client, settings: Any
) -> None:
    settings.AZUREAD_CONNECTIONS |= {"SESSION_CHECK_SECONDS": 30}
    contoso.sign_in(client)
    is_signed_in(client)
    with CaptureQueriesContext(database) as queries:
        is_signed_in(client)
    assert not [query for query in queries if "revocation" in query["sql"]]
    disable(contoso)
    assert is_signed_in(client)  # for half a minute


@pytest.mark.slow
def test_a_session_of_many_applications_fits_into_a_cookie(
    contoso: Company, client: Client, settings: Any
) -> None:
    """Browsers drop a larger one, and keep the one before."""
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    for number in range(18):
        portal = ApplicationFactory.create(slug=f"portal-{number}")
        EnabledConnectionFactory.create(application=portal, connection=contoso.connection)
        contoso.person.claims |= {
            "login_hint": secrets.token_urlsafe(300),
            "sid": str(uuid.uuid4()),
            "amr": ["pwd", "rsa", "mfa"],
            "acrs": [f"c{context}" for context in random.sample(range(1, 100), 40)],
        }
        contoso.sign_in(client, application=portal.slug)
    assert len(client.cookies["sessionid"].value) < 4000
    request = RequestFactory().get("/")
    request.session = client.session
    known = session.sign_ins(request)
    assert len(known) == 16
    newest = known.pop()
    assert newest.application == portal.pk
    assert newest.hint == contoso.person.claims["login_hint"]
    assert not any(sign_in.hint for sign_in in known)


def test_a_request_that_asks_for_no_user_costs_nothing(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    with CaptureQueriesContext(database) as queries:
        client.post("/login/contoso/")  # refused before anybody asks
    assert len(queries) == 0


def test_the_session_knows_each_connection_once_newest_last(contoso, microsoft, application):
    request = RequestFactory().get("/")
    request.session = {}
    identity = Identity(pk=7)
    other = ConnectionFactory.create(name="other")
    claims = IdTokenClaims(contoso.directory.tenant_id, "oid")
    for connection in (contoso.connection, other, contoso.connection):
        target = SignInTarget(application, connection, is_own_host=False, known_scopes="")
        session.remember(request, target, identity, claims)
    known = [sign_in.connection for sign_in in session.sign_ins(request)]
    assert known == [other.pk, contoso.connection.pk]
    newest = session.newest(request)
    assert newest
    assert newest.name == "contoso"


def request_of(client: Client) -> Any:
    request = RequestFactory().get("/")
    request.session = client.session
    return request


def test_the_proof_for_an_application_is_the_newest_sign_in_that_holds_there(
    contoso: Company, fabrikam: Company, application: Any, client: Client
) -> None:
    portal = ApplicationFactory.create()
    contoso.sign_in(client)
    assert session.find_proof(request_of(client), portal.pk) is None
    EnabledConnectionFactory.create(application=portal, connection=contoso.connection)
    proof = session.find_proof(request_of(client), portal.pk)
    assert proof is not None
    assert (proof.name, proof.application) == ("contoso", portal.pk)
    assert session.find_proof(request_of(client), portal.pk, connection="CONTOSO") == proof
    assert session.find_proof(request_of(client), portal.pk, connection="fabrikam") is None
    Revocation.everybody(contoso.connection)
    assert session.find_proof(request_of(client), portal.pk) is None


def test_a_recheck_does_not_wait(contoso: Company, client: Client, settings: Any) -> None:
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"SESSION_CHECK_SECONDS": 30}
    contoso.sign_in(client)
    sign_in = session.newest(request_of(client))
    assert sign_in is not None
    user = User.objects.get().pk
    assert session.is_still_valid(sign_in, user)
    Revocation.everybody(contoso.connection)
    assert session.is_still_valid(sign_in, user)
    assert not session.is_still_valid(sign_in, user, recheck=True)


@pytest.mark.parametrize("odd", [None, "1", -1, True, 1e300])
def test_a_time_of_authentication_that_is_none_ends_the_sign_in(
    contoso: Company, client: Client, odd: object
) -> None:
    contoso.sign_in(client)
    stored = client.session
    stored["azuread_sign_ins"] = [{**stored["azuread_sign_ins"][0], "authenticated_at": odd}]
    stored.save()
    assert not is_signed_in(client)


def test_a_sign_in_has_the_methods_that_microsoft_named(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    assert "methods" not in client.session["azuread_sign_ins"][0]  # as before it had them
    contoso.person.claims["amr"] = ["pwd", "mfa"]
    contoso.sign_in(client)
    sign_in = session.newest(request_of(client))
    assert sign_in is not None
    assert sign_in.methods == ("pwd", "mfa")


@pytest.mark.parametrize("odd", [None, "pwd", {}, 7, [7], [None], [["pwd"]], ["a\x00"], ["x"] * 99])
def test_methods_that_are_none_end_the_sign_in(
    contoso: Company, client: Client, odd: object
) -> None:
    contoso.sign_in(client)
    stored = client.session
    stored["azuread_sign_ins"] = [{**stored["azuread_sign_ins"][0], "methods": odd}]
    stored.save()
    assert not is_signed_in(client)


def test_a_sign_in_has_the_contexts_that_microsoft_named(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    assert "contexts" not in client.session["azuread_sign_ins"][0]  # as before it had them
    contoso.person.claims["acrs"] = ["p1", "c1", "c1", "too long", 7]
    contoso.sign_in(client)
    sign_in = session.newest(request_of(client))
    assert sign_in is not None
    assert sign_in.contexts == ("p1", "c1")


def test_of_many_contexts_the_one_that_was_asked_for_is_kept(
    contoso: Company, client: Client
) -> None:
    contoso.person.claims["acrs"] = [f"c{number}" for number in range(1, 100)]
    contoso.come_back(client, contoso.start(client, acr="c77"))
    sign_in = session.newest(request_of(client))
    assert sign_in is not None
    assert len(sign_in.contexts) == 16
    assert sign_in.contexts[0] == "c77"


@pytest.mark.parametrize("odd", [None, "c1", {}, 7, [7], [None], [["c1"]], ["c\x00"], ["c1"] * 17])
def test_contexts_that_are_none_end_the_sign_in(
    contoso: Company, client: Client, odd: object
) -> None:
    contoso.sign_in(client)
    stored = client.session
    stored["azuread_sign_ins"] = [{**stored["azuread_sign_ins"][0], "contexts": odd}]
    stored.save()
    assert not is_signed_in(client)
