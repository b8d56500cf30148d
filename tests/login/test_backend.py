"""The weaknesses of the base class, each closed: see docs/security.md."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import aauthenticate, authenticate, get_user
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from azuread_connections.backends import ConnectionBackend
from tests.company import Company, query_of

BACKEND = "azuread_connections.backends.ConnectionBackend"


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("megan", password="correct horse")


def test_building_a_backend_reads_no_setting_and_no_row(settings: Any) -> None:
    del settings.AZUREAD_CONNECTIONS
    ConnectionBackend()  # without database access, which this test does not request


@pytest.mark.django_db
def test_permission_checks_load_no_connection(contoso: Company, client: Client) -> None:
    contoso.sign_in(client)
    user = User.objects.get()
    with CaptureQueriesContext(database) as queries:
        user.has_perm("auth.view_user")
        user.has_perm("auth.change_user")
    assert not [query for query in queries if "azuread" in query["sql"]]


def test_passwords_are_not_accepted(settings: Any, rf: Any, person: User) -> None:
    settings.AUTHENTICATION_BACKENDS = [BACKEND]
    credentials = {"username": "megan", "password": "correct horse"}
    assert authenticate(rf.get("/"), **credentials) is None
    assert async_to_sync(aauthenticate)(rf.get("/"), **credentials) is None


@pytest.mark.parametrize("credentials", [{}, {"nonce": "n"}, {"nonce": "n", "code_verifier": "v"}])
def test_the_base_classs_credentials_are_not_accepted(
    settings: Any, rf: Any, person: User, credentials: dict[str, str]
) -> None:
    settings.AUTHENTICATION_BACKENDS = [BACKEND]
    assert authenticate(rf.get("/?code=c&state=s"), **credentials) is None


def test_a_deactivated_user_is_out_at_once_sync_and_async(client: Client, person: User) -> None:
    client.force_login(person, backend=BACKEND)
    assert get_user(client) == person  # type: ignore[arg-type]
    User.objects.update(is_active=False)
    assert get_user(client).is_anonymous  # type: ignore[arg-type]
    assert ConnectionBackend().get_user(person.pk) is None
    assert async_to_sync(ConnectionBackend().aget_user)(person.pk) is None


@pytest.mark.django_db
def test_the_code_is_never_offered_to_a_second_backend(
    contoso: Company, client: Client, settings: Any
) -> None:
    settings.AUTHENTICATION_BACKENDS = [
        "azuread_connections.login.backend.ConnectionBackend",
        BACKEND,
    ]
    contoso.sign_in(client)
    assert contoso.microsoft.count("token") == 1
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_two_open_sign_ins_keep_their_own_destinations(contoso: Company, client: Client) -> None:
    first = contoso.start(client, next="/first/")
    second = contoso.start(client, next="/second/")
    assert contoso.come_back(client, second)["Location"] == "/second/"
    assert contoso.come_back(client, first)["Location"] == "/first/"


@pytest.mark.django_db
def test_login_required_everywhere_does_not_lock_the_door(
    contoso: Company, client: Client, settings: Any
) -> None:
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    assert client.get("/login/").status_code == 200
    assert contoso.sign_in(client, next="/login/profile")["Location"] == "/login/profile"
    assert client.get("/login/profile").status_code == 200


@pytest.mark.django_db
def test_who_listens_for_failures_hears_of_them_but_learns_nothing(
    contoso: Company, client: Client
) -> None:
    heard: list[Any] = []

    def listen(credentials: Any, **kwargs: Any) -> None:
        heard.append(credentials)

    user_login_failed.connect(listen)
    try:
        contoso.microsoft.fault("token", aadsts=7000222)
        contoso.sign_in(client)  # not the fault of the person who signs in
        contoso.connection.create_users = False
        contoso.connection.save()
        url = contoso.start(client)
        contoso.come_back(client, url)
    finally:
        user_login_failed.disconnect(listen)
    assert heard == [{"connection": "contoso"}]
    assert query_of(url)["nonce"] not in repr(heard)


class LockOut:
    """A backend like a lock-out tool's: it is the first one and refuses everybody."""

    def authenticate(self, request: Any, **credentials: Any) -> None:
        from django.core.exceptions import PermissionDenied

        raise PermissionDenied


@pytest.mark.django_db
def test_a_lock_out_tool_is_heard(contoso: Company, client: Client, settings: Any) -> None:
    settings.AUTHENTICATION_BACKENDS = ["tests.login.test_backend.LockOut", BACKEND]
    assert contoso.sign_in(client).status_code == 403
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("hook", "parameters"),
    [
        ("__init__", ["self", "args", "kwargs"]),
        ("authenticate", ["self", "request", "kwargs"]),
        ("get_token", ["self", "payload"]),
        ("verify_token", ["self", "token", "kwargs"]),
        ("get_or_create_user", ["self", "access_token", "id_token", "payload"]),
        ("get_user", ["self", "user_id"]),
    ],
)
def test_the_hooks_that_are_overridden_are_still_the_base_classs(
    hook: str, parameters: list[str]
) -> None:
    """If a new release renamed a method, its own unchecked one would be used."""
    assert (
        list(inspect.signature(getattr(OIDCAuthenticationBackend, hook)).parameters) == parameters
    )


@pytest.mark.django_db
def test_atomic_requests_keep_the_log_of_a_failure(contoso: Company, client: Client) -> None:
    from azuread_connections.login.web.views import CallbackView

    assert CallbackView.as_view()._non_atomic_requests  # type: ignore[attr-defined]


def test_staff_may_still_use_their_password(client: Client, db: None) -> None:
    User.objects.create_user("boss", password="pw", is_staff=True)
    assert client.login(username="boss", password="pw")


@pytest.mark.django_db
def test_async_passwords_are_not_accepted_even_directly(rf):
    User.objects.create_user("megan", password="correct horse")
    with pytest.raises(TypeError):
        async_to_sync(ConnectionBackend().aauthenticate)(
            rf.get("/"), username="megan", password="correct horse"
        )
