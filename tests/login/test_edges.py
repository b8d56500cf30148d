"""What only a hostile or unlucky caller reaches: each fails without one line of the code."""

from __future__ import annotations

import base64
import hashlib
import logging
from unittest import mock

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.core import serializers
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import IntegrityError, OperationalError
from django.test import Client, RequestFactory

from azuread_connections.backends import ConnectionBackend
from azuread_connections.conf import TRANSACTION_LIFETIME, conf
from azuread_connections.entra.id_token import IdTokenClaims
from azuread_connections.login.flows import sign_in
from azuread_connections.login.flows.exchange import CodeExchange
from azuread_connections.login.log import events
from azuread_connections.login.lookup.enabled import Pair
from azuread_connections.login.state import session, transaction
from azuread_connections.login.state.access import may_enter
from azuread_connections.login.users import linking, usernames
from azuread_connections.login.users.resolution import ResolvedUser
from azuread_connections.login.users.trust import DomainTrust, find_trust
from azuread_connections.models import (
    ClientSecret,
    Connection,
    Directory,
    DomainAlias,
    EnabledConnection,
    Event,
    Identity,
    Sealed,
)
from azuread_connections.models.validators import validate_client_secret, validate_connection_name
from tests.company import Company, error_code, query_of
from tests.factories import (
    ApplicationFactory,
    ClientSecretFactory,
    ConnectionFactory,
    EnabledConnectionFactory,
    IdentityFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
CALLBACK = "/login/callback"


def test_async_passwords_open_nothing_even_directly(rf):
    User.objects.create_user("megan", password="correct horse")
    with pytest.raises(TypeError):
        async_to_sync(ConnectionBackend().aauthenticate)(
            rf.get("/"), username="megan", password="correct horse"
        )


def test_an_error_beside_a_code_is_an_error(contoso, client):
    state = query_of(contoso.start(client))["state"]
    response = client.get(
        CALLBACK, {"state": state, "error": "access_denied", "code": "0.A" + "x" * 300}
    )
    assert error_code(response) == "access_denied"
    assert contoso.microsoft.count("token") == 0


@pytest.mark.parametrize("error", [IntegrityError, OperationalError])
@pytest.mark.parametrize(("failures", "status"), [(1, 302), (2, 302)])
def test_a_sign_in_that_collides_is_tried_again(contoso, client, error, failures, status):
    resolve = sign_in.resolve
    results = [error("x")] * failures

    def collide(*args):
        if results:
            raise results.pop()
        return resolve(*args)

    with mock.patch.object(sign_in, "resolve", collide):
        assert contoso.sign_in(client).status_code == status
    assert User.objects.count() == 1


def test_one_that_always_collides_is_refused(contoso, client):
    with mock.patch.object(sign_in, "resolve", side_effect=IntegrityError("x")):
        assert error_code(contoso.sign_in(client)) == "user_refused"
    with (
        mock.patch.object(sign_in, "resolve", side_effect=OperationalError("x")),
        pytest.raises(OperationalError),
    ):
        contoso.sign_in(Client())


def test_at_hash_is_checked_against_the_access_token(contoso, client):
    half = hashlib.sha256(b"known").digest()[:16]

    def same(header, claims):
        claims["at_hash"] = base64.urlsafe_b64encode(half).rstrip(b"=").decode()

    contoso.microsoft.tamper_id_token(same)
    contoso.microsoft.tamper_token_response(lambda document: document | {"access_token": "known"})
    assert contoso.sign_in(client).status_code == 302


def test_keys_come_from_the_directorys_own_address(contoso, client):
    contoso.sign_in(client)
    assert [r.tenant for r in contoso.microsoft.requests if r.endpoint == "keys"] == [
        contoso.directory.tenant_id
    ]


def test_an_exchange_and_a_resolved_user_show_nothing(contoso):
    shown = repr(
        CodeExchange(
            contoso.connection, "t", "u", code="c0de", code_verifier="ver1fier", nonce="n0nce"
        )
    )
    assert not any(secret in shown for secret in ("c0de", "ver1fier", "n0nce"))
    identity = IdentityFactory.create(login_name="adele@contoso.com")
    assert "adele" not in repr(ResolvedUser(identity)).lower()


@pytest.mark.parametrize(
    ("value", "own"),
    [
        ("a@contoso.com", True),
        ("a@CONTOSO.com", True),
        ("a@evilcontoso.com", False),
        ("a@sub.contoso.com", False),
        ("contoso.com", False),
        ("a@contoso.com@evil.com", False),
        ("a@evil.com@contoso.com", True),
    ],
)
def test_whose_address_it_is(contoso, value, own):
    assert DomainTrust(frozenset({"contoso.com"})).vouches_for(value) is own


def test_a_name_of_another_domain_is_no_username_though_nobody_has_it(contoso, client):
    contoso.person.claims.update(
        preferred_username="victim@fabrikam.com", upn="victim@fabrikam.com", email=None
    )
    contoso.sign_in(client)
    assert get_user(client).username == f"{contoso.person.object_id}@{contoso.directory.tenant_id}"


def test_the_session_knows_each_connection_once_newest_last(contoso, microsoft, application):
    request = RequestFactory().get("/")
    request.session = {}
    identity = Identity(pk=7)
    other = ConnectionFactory.create(name="other")
    claims = IdTokenClaims(contoso.directory.tenant_id, "oid")
    for connection in (contoso.connection, other, contoso.connection):
        pair = Pair(application, connection, is_own_host=False, known_scopes="")
        session.remember(request, pair, identity, claims)
    known = [sign_in.connection for sign_in in session.sign_ins(request)]
    assert known == [other.pk, contoso.connection.pk]
    newest = session.newest(request)
    assert newest
    assert newest.name == "contoso"


def test_a_used_transaction_is_remembered_for_as_long_as_it_lives():
    begun = transaction.Transaction(1, 1, "f", "/")
    with mock.patch("azuread_connections.cache.ForgivingCache.add", return_value=True) as add:
        begun.use()
    assert add.call_args.args[2] >= TRANSACTION_LIFETIME


@pytest.mark.parametrize("state", ["", "A" * 21, "A" * 23, "A" * 21 + ";", "A" * 21 + "é"])
def test_only_a_state_of_ours_names_a_cookie(state):
    begun = transaction.Transaction(1, 1, "f", "/", state=state)
    request = RequestFactory().get("/", headers={"cookie": "x"})
    request.COOKIES[f"azuread_txn_{state}"] = transaction.seal(begun)
    request.META["HTTP_COOKIE"] = f"azuread_txn_{state}={transaction.seal(begun)}"
    assert transaction.read_cookie(request, state, secure=False) is None
    from django.http import HttpResponse

    response = HttpResponse()
    transaction.delete_cookie(request, response, state, secure=False)
    assert not response.cookies


def test_a_secure_cookie_is_deleted_as_one():
    from django.http import HttpResponse

    request = RequestFactory().get("/")
    request.COOKIES["__Host-azuread_txn_" + "A" * 22] = "x"
    response = HttpResponse()
    transaction.delete_cookie(request, response, "A" * 22, secure=True)
    [morsel] = response.cookies.values()
    assert morsel["secure"]
    assert morsel["path"] == "/"
    assert not morsel["domain"]
    response = HttpResponse()
    transaction.delete_cookie(request, response, "B" * 22, secure=True)
    assert not response.cookies


def test_a_profile_is_never_cached(contoso, client):
    assert "no-store" in client.get("/login/profile")["Cache-Control"]


def test_profile_and_logout_answer_under_login_required(contoso, client, settings):
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    assert client.get("/login/profile").status_code == 401
    assert client.post("/login/logout")["Location"] == "/"


def test_an_identity_that_is_gone_or_somebody_elses_is_no_profile(contoso, client):
    contoso.sign_in(client)
    Identity.objects.update(user=UserFactory.create())
    assert client.get("/login/profile").status_code == 401
    Identity.objects.all().delete()
    assert client.get("/login/profile").status_code == 401


def test_a_session_without_its_user_is_no_profile(contoso, client):
    contoso.sign_in(client)
    User.objects.update(is_active=False)
    assert client.get("/login/profile").status_code == 401


def test_a_long_login_hint_is_cut(contoso, client):
    assert len(query_of(contoso.start(client, login_hint="x" * 5000))["login_hint"]) == 254


def test_try_again_keeps_the_destination_and_leads_nowhere_useless(contoso, client):
    url = contoso.start(client, next="/deep/")
    ClientSecret.objects.all().delete()
    page = contoso.come_back(client, url).content.decode()
    assert 'href="/login/?next=%2Fdeep%2F"' in page  # secret_rejected: not to the same connection
    url = contoso.start(client, next="/deep/")
    EnabledConnection.objects.all().delete()
    assert 'href="/login/?next=%2Fdeep%2F"' in contoso.come_back(client, url).content.decode()


def test_the_cache_of_the_setting_is_the_one_used(contoso, client, settings):
    settings.CACHES = {
        n: {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": n}
        for n in ("default", "other")
    }
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"CACHE": "other"}
    contoso.sign_in(client)
    assert not caches["default"]._cache
    assert len(caches["other"]._cache) >= 2


def test_only_http_and_https_are_development_hosts(settings):
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"LOGIN_URL": "ftp://localhost/"}
    with pytest.raises(ImproperlyConfigured):
        _ = conf.login_url


# the log
def _fail(contoso, times, **parameters):
    for _ in range(times):
        c = Client()
        state = query_of(contoso.start(c))["state"]
        c.get(CALLBACK, {"state": state, **parameters})


def test_a_flood_at_one_connection_hides_no_failure_of_another_nor_another_code(contoso, fabrikam):
    with (
        mock.patch.object(events, "FAILURES_PER_MINUTE", 3),
        mock.patch.object(
            events.timezone, "now", return_value=events.timezone.now().replace(second=1)
        ),
    ):
        _fail(contoso, 6, error="access_denied")
        _fail(contoso, 2, error="server_error")
        _fail(fabrikam, 2, error="access_denied")
    rows = Event.objects.filter(connection=contoso.connection)
    assert sorted(rows.filter(counter_key__isnull=False).values_list("code", "count")) == [
        ("access_denied", 3),
        ("microsoft_error", 2),
    ]
    assert Event.objects.filter(connection=fabrikam.connection, counter_key=None).count() == 2


def test_counters_of_two_connections_and_kinds_are_two(contoso, fabrikam):
    from azuread_connections.login.log.failures import SignInFailed

    now = events.timezone.now()
    with (
        mock.patch.object(events, "FAILURES_PER_MINUTE", 0),
        mock.patch.object(events.timezone, "now", return_value=now),
    ):
        for connection in (contoso.connection, fabrikam.connection):
            failed = SignInFailed("secret_rejected")
            failed.connection = connection
            events.record_failure(RequestFactory().get("/"), failed)
        from azuread_connections.entra.errors import SecretRejected

        events.record_secret_refused(
            contoso.connection, contoso.connection.secrets.get(), SecretRejected("x"), "ABC"
        )
    assert Event.objects.count() == 3


def test_a_counter_that_another_process_just_made_is_counted(contoso):
    now = events.timezone.now()

    def make():
        return Event(
            created_at=now, kind="sign_in_failed", code="x", reference=events.new_reference()
        )

    first, second = make(), make()
    events._count(first)
    real = events._increment
    answers = [False]
    with mock.patch.object(
        events, "_increment", lambda event: answers.pop() if answers else real(event)
    ):
        events._count(second)
    assert Event.objects.get().count == 2
    assert second.reference == first.reference


def test_an_evicted_counter_loses_no_failure(contoso):
    with mock.patch("azuread_connections.cache.ForgivingCache.incr", side_effect=ValueError):
        _fail(contoso, 1, error="access_denied")
    assert Event.objects.get().counter_key is None


# models
def test_sealed_values_never_show_and_rotate(settings):
    from cryptography.fernet import Fernet

    secret = ClientSecretFactory.create(value="Abc8Q~plain")
    secret.refresh_from_db()
    assert str(secret.value) == repr(secret.value) == f"{secret.value}" == "<Sealed>"
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "ENCRYPTION_KEYS": [
            Fernet.generate_key().decode(),
            *settings.AZUREAD_CONNECTIONS["ENCRYPTION_KEYS"],
        ]
    }
    assert secret.value.reveal() == "Abc8Q~plain"
    ClientSecret.objects.filter(pk=secret.pk).update(value="Bulk8Q~plain")
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select value from azuread_connections_clientsecret")
        [(raw,)] = cursor.fetchall()
    assert "plain" not in raw
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {"ENCRYPTION_KEYS": []}
    with pytest.raises(ImproperlyConfigured):
        Sealed.seal("x")


def test_a_fixture_carries_ciphertext_and_takes_plain_text():
    secret = ClientSecretFactory.create(value="Abc8Q~plain")
    dumped = serializers.serialize("json", [secret])
    assert "plain" not in dumped
    ClientSecret.objects.all().delete()
    [loaded] = serializers.deserialize("json", dumped)
    loaded.save()
    assert ClientSecret.objects.get().value.reveal() == "Abc8Q~plain"
    import json

    data = json.loads(dumped)
    data[0]["fields"]["value"] = "Typed8Q~by-hand"
    [loaded] = serializers.deserialize("json", json.dumps(data))
    loaded.save()
    assert ClientSecret.objects.get().value.reveal() == "Typed8Q~by-hand"


def test_a_refusal_and_a_success_are_noted_of_one_secret_only(contoso):
    first = contoso.connection.secrets.get()
    ClientSecretFactory.create(connection=contoso.connection)
    first.record_refusal()
    assert list(ClientSecret.objects.exclude(refused_at=None)) == [first]
    first.refresh_from_db()
    first.last_success_at = events.timezone.now()
    first.save()
    first.record_success()  # within the hour, but a refusal has to go
    first.refresh_from_db()
    assert first.refused_at is None


@pytest.mark.parametrize("name", ["frontchannel-logout", "Callback", "PROFILE"])
def test_words_of_our_addresses_are_no_names(name):
    with pytest.raises(ValidationError):
        validate_connection_name(name)


@pytest.mark.parametrize("value", ["Abc8Q~\u00e9", "Abc8Q~\x07x", "Abc 8Q", "Abc8Q~\n"])
def test_odd_letters_are_no_secret(value):
    with pytest.raises(ValidationError):
        validate_client_secret(value)


@pytest.mark.parametrize("application_type", ["machine_to_machine"])
def test_an_application_without_sign_in_shows_no_button(
    contoso, application, client, application_type
):
    application.application_type = application_type
    application.save()
    from azuread_connections.login.lookup.enabled import shown_as_buttons

    assert shown_as_buttons(application).connections == []


def test_a_common_endpoint_works_before_its_domain_is_known(microsoft, application, client):
    company = Company.create(
        microsoft, application, pinned=False, use_common_endpoint=True, new_directories="accept"
    )
    company.app.multi_tenant = True
    microsoft.fault("discovery", status=503)
    assert company.sign_in(client).status_code == 302


@pytest.fixture
def everybody(microsoft, application):
    company = Company.create(
        microsoft,
        application,
        name="everybody",
        use_common_endpoint=True,
        new_directories="accept",
        link_by_email=True,
    )
    company.app.multi_tenant = True
    return company


def test_a_foreign_directory_neither_links_nor_names_by_our_domain(everybody, client):
    """nOAuth on the common endpoint: the domain is ours and verified, the directory is not."""
    local = UserFactory.create(username="local", email="ceo@contoso.com")
    evil = everybody.microsoft.add_directory("evil.example")
    everybody.app.grant(evil)
    person = evil.add_person(
        "Mallory",
        mail="ceo@contoso.com",
        claims={
            "email": "ceo@contoso.com",
            "upn": "ceo@contoso.com",
            "preferred_username": "ceo@contoso.com",
        },
    )
    assert everybody.sign_in(client, person).status_code == 302
    user = get_user(client)
    assert user != local
    assert user.email == ""
    assert user.username == f"{person.object_id}@{evil.tenant_id}"
    assert Identity.objects.get().profile["email_verified"] is False


def test_an_alias_of_another_connection_links_nobody(contoso, client):
    Connection.objects.update(link_by_email=True)
    other = ConnectionFactory.create(name="other", domain="other.example")
    DomainAlias.objects.create(connection=other, domain="sub.example")
    local = UserFactory.create(username="local", email="ceo@sub.example")
    contoso.person.mail = "ceo@sub.example"
    contoso.sign_in(client)
    assert get_user(client) != local


def test_only_the_email_claim_links(contoso, client):
    Connection.objects.update(link_by_email=True)
    local = UserFactory.create(username="local", email="adele.vance@contoso.com")
    contoso.person.mail = None
    contoso.person.claims.update(email=None, upn="adele.vance@contoso.com")
    contoso.sign_in(client)
    assert get_user(client) != local


def test_only_letter_case_may_differ_in_a_linked_address(contoso):
    local = UserFactory.create(username="local", email="Ad\u00e9le@contoso.com")

    class Rows(list):
        def filter(self, **kw):
            return self

        def select_for_update(self):
            return self

    model = mock.Mock(_default_manager=Rows([local]))
    model.get_email_field_name.return_value = "email"
    with mock.patch.object(linking, "get_user_model", return_value=model):
        assert linking.users_with_email("adele@contoso.com") == []
        assert linking.users_with_email("AD\u00c9LE@contoso.com") == [local]


@pytest.mark.django_db
def test_a_session_of_a_connection_not_enabled_there_does_not_enter(contoso, fabrikam, client):
    portal = ApplicationFactory.create(slug="portal")
    EnabledConnectionFactory.create(
        application=portal, connection=fabrikam.connection
    )  # the application has one, just not ours
    contoso.sign_in(client)
    request = RequestFactory().get("/")
    request.session = client.session
    request.user = get_user(client)
    assert may_enter(request, "default")
    assert not may_enter(request, "portal")


@pytest.mark.parametrize("field", ["person", "message", "correlation_id"])
def test_no_text_of_anybodys_makes_a_line_of_the_log(field, caplog):
    with caplog.at_level(logging.INFO, "azuread_connections"):
        events._log(
            logging.INFO, Event(kind="signed_in", **{field: "x\nsigned_in person=root \u2028y"})
        )
    assert len(caplog.messages[0].splitlines()) == 1


def test_a_long_name_is_cut_for_the_log(contoso, client):
    contoso.person.claims.update(preferred_username="a" * 300 + "@contoso.com")
    contoso.sign_in(client)
    assert len(Identity.objects.get().login_name) == 254


def _email_field():
    from django.db import models

    field = models.EmailField(max_length=254)
    field.set_attributes_from_name("username")
    return field


def test_where_the_username_is_an_address(contoso, settings):
    claims = IdTokenClaims(
        contoso.directory.tenant_id, "11112222-bbbb-3333-cccc-4444dddd5555", upn="adele@contoso.com"
    )
    field = _email_field()
    trust = find_trust(contoso.connection, claims)
    with mock.patch.object(usernames, "_field", return_value=field):
        assert usernames.username_for(claims, contoso.connection, trust) == "adele@contoso.com"
        UserFactory.create(username="Adele@contoso.com")
        from azuread_connections.login.log.failures import SignInFailed

        with pytest.raises(SignInFailed):
            usernames.username_for(claims, contoso.connection, trust)
        from dataclasses import replace

        assert usernames.username_for(replace(claims, upn=""), contoso.connection, trust).endswith(
            ".azuread.invalid"
        )
        field.max_length = 20
        long = usernames.username_for(
            replace(claims, upn="a-very-long-name@contoso.com"), contoso.connection, trust
        )
        assert len(long) == 20
        assert "@" not in long


def test_two_applications_hosts_ignore_case(contoso, application, settings, client):
    settings.ALLOWED_HOSTS = ["*"]
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "PUBLIC_URL": "http://testserver"
    }
    application.set_hosts(["portal.example.com"])
    url = client.get("/login/contoso/", headers={"host": "Portal.Example.com"})["Location"]
    assert query_of(url)["redirect_uri"].lower() == "http://portal.example.com/login/callback"


def test_only_the_own_directorys_grants_are_known_and_noted(contoso):
    from azuread_connections.login.lookup import enabled
    from azuread_connections.login.users import directories

    other = Directory.objects.create(
        connection=contoso.connection,
        tenant_id="11112222-bbbb-3333-cccc-4444dddd5555",
        delegated_scopes="User.Read",
    )
    keys = contoso.connection.enabledconnection_set.values_list("application", "connection").get()
    pair = enabled.still_enabled(RequestFactory().get("/"), *keys)
    assert pair.known_scopes == ""
    contoso.connection.directories.exclude(pk=other.pk).update(delegated_scopes="Mail.Read")
    assert enabled.still_enabled(RequestFactory().get("/"), *keys).known_scopes == "Mail.Read"
    directories.note_scopes(contoso.connection, contoso.directory.tenant_id, "", ["User.Read.All"])
    other.refresh_from_db()
    assert other.delegated_scopes == "User.Read"


def test_pinned_elsewhere_means_by_another_connection_of_the_same_cloud(everybody, client):
    Directory.objects.all().delete()
    assert everybody.sign_in(client).status_code == 302  # its own pin is no obstacle
    Directory.objects.all().delete()
    Identity.objects.all().delete()
    User.objects.all().delete()
    ConnectionFactory.create(name="china", cloud="china", tenant_id=everybody.directory.tenant_id)
    assert everybody.sign_in(Client()).status_code == 302


def test_a_domain_hint_is_only_for_the_connections_own(contoso, client):
    assert "domain_hint" not in query_of(contoso.start(client, login_hint="guest@fabrikam.com"))
    assert (
        query_of(contoso.start(client, login_hint="adele@contoso.com"))["domain_hint"]
        == "contoso.com"
    )


def test_the_sign_in_pages_links_keep_an_allowed_outside_destination(contoso, application, client):
    application.allowed_callback_urls = ["https://portal.example.com/cb"]
    application.save()
    assert (
        "next=https%3A%2F%2Fportal.example.com%2Fcb"
        in client.get("/login/", {"next": "https://portal.example.com/cb"}).content.decode()
    )


def test_the_newest_key_seals_and_each_purpose_has_its_own(settings):
    from azuread_connections.login.state import sealing

    settings.SECRET_KEY_FALLBACKS = ["old-" * 12]
    sealed = sealing.seal("a", [1], name="n")
    settings.SECRET_KEY_FALLBACKS = []
    assert sealing.unseal("a", sealed, name="n") == [1]
    with pytest.raises(sealing.BrokenSeal):
        sealing.unseal("b", sealed, name="n")


def test_nothing_is_synced_into_the_username_or_over_anothers_unique_value(
    contoso, settings, client
):
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "USER_FIELDS": {"username": "name", "first_name": "given_name", "last_name": "family_name"}
    }
    contoso.sign_in(client)
    user = get_user(client)
    assert user.username == "adele.vance@contoso.com"
    User.objects.update(first_name="Kept")
    contoso.person.claims.update(given_name="", family_name="", name="")
    contoso.sign_in(client)
    user.refresh_from_db()
    assert user.first_name == "Kept"
    from azuread_connections.login.users.profile import hook_claims, read_profile, sync_user

    claims = IdTokenClaims(contoso.directory.tenant_id, "oid", email="taken@contoso.com")
    UserFactory.create(email="taken@contoso.com")
    settings.AZUREAD_CONNECTIONS = settings.AZUREAD_CONNECTIONS | {
        "USER_FIELDS": {"email": "email"}
    }
    with mock.patch.dict(User._meta.get_field("email").__dict__, {"unique": True}):
        profile = read_profile(claims, find_trust(contoso.connection, claims))
        assert sync_user(user, hook_claims(claims, profile, None)) == []


@pytest.mark.parametrize("engine", ["db", "cache", "signed_cookies"])
def test_a_sign_in_that_cannot_be_stored_signs_nobody_in(contoso, client, settings, engine):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    with mock.patch.object(events, "record_signed_in", side_effect=IntegrityError("x")):
        assert error_code(contoso.sign_in(client)) == "user_refused"
    assert get_user(client).is_anonymous
    assert not User.objects.exists()
