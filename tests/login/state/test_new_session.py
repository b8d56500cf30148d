"""A browser's first session is stored once, and every other one as Django's login() does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends import base
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.middleware import SessionMiddleware
from django.contrib.sessions.models import Session
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from azuread_connections.login.state import new_session
from azuread_connections.signals import signed_in
from tests.company import Company
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def written(company: Company, browser: Client) -> list[str]:
    """Sign in; return how the session was written."""
    callback_url = company.microsoft.sign_in(company.start(browser), company.person)
    with CaptureQueriesContext(database) as queries:
        assert browser.get(callback_url).status_code == 302
    sent = [query["sql"] for query in queries if "django_session" in query["sql"]]
    return [sql.split()[0] for sql in sent if not sql.startswith("SELECT")]


@contextmanager
def receiver(signal: Any, note: Callable[[Any], None]) -> Iterator[None]:
    """A receiver of a site."""

    def receive(request: Any, **kwargs: Any) -> None:
        note(request.session)

    signal.connect(receive)
    yield
    signal.disconnect(receive)


def test_a_new_session_is_stored_once_and_whole(contoso: Company, client: Client) -> None:
    assert written(contoso, client) == ["INSERT"]
    stored = Session.objects.get().get_decoded()
    assert {SESSION_KEY, HASH_SESSION_KEY, "azuread_sign_ins", "azuread_login_at"} <= set(stored)


@pytest.mark.parametrize(
    ("signal", "writes"),
    [(user_logged_in, ["INSERT", "UPDATE"]), (signed_in, ["INSERT"])],
    ids=["user_logged_in", "signed_in"],
)
def test_a_receiver_that_writes_down_the_key_finds_it(
    contoso: Company, client: Client, signal: Any, writes: list[str]
) -> None:
    keys: list[Any] = []
    with receiver(signal, lambda session: keys.append(session.session_key)):
        assert written(contoso, client) == writes
    assert keys == [client.session.session_key]


def test_what_a_receiver_changes_is_stored(contoso: Company, client: Client) -> None:
    with receiver(signed_in, lambda session: session["azuread_sign_ins"].append({})):
        assert written(contoso, client) == ["INSERT", "UPDATE"]
    assert client.session["azuread_sign_ins"][-1] == {}


def test_a_receiver_can_give_the_session_another_key(contoso: Company, client: Client) -> None:
    before: list[Any] = []

    def change(session: Any) -> None:
        before.append(session.session_key)
        session.cycle_key()

    with receiver(signed_in, change):
        written(contoso, client)
    assert client.session.session_key not in before
    assert "azuread_sign_ins" in client.session
    assert Session.objects.count() == 1


@pytest.mark.parametrize("engine", ["cache", "cached_db", "file", "signed_cookies"])
def test_it_works_with_every_engine(
    contoso: Company, client: Client, settings: Any, tmp_path: Any, engine: str
) -> None:
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    settings.SESSION_FILE_PATH = str(tmp_path)
    contoso.sign_in(client)
    assert client.get("/login/profile").status_code == 200


@pytest.mark.parametrize("engine", ["db", "cached_db", "cache", "file", "signed_cookies"])
def test_each_engine_stores_what_it_stores_by_django_alone(
    contoso: Company, settings: Any, tmp_path: Any, engine: str
) -> None:
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    settings.SESSION_FILE_PATH = str(tmp_path)
    contoso.sign_in(Client())
    stored = contents(contoso)
    with receiver(user_logged_in, lambda session: None):
        assert new_session.others_listen()
        assert contents(contoso) == stored


def contents(company: Company) -> Any:
    """Sign in; return what is stored of the session, but for times, and how long it lasts."""
    browser = Client()
    company.sign_in(browser)
    session = dict(browser.session.items())
    del session["azuread_login_at"]
    for sign_in in session["azuread_sign_ins"]:
        del sign_in["at"], sign_in["authenticated_at"]
    cookie = browser.cookies["sessionid"]
    return session, browser.session.get_expiry_age(), cookie["max-age"], cookie["httponly"]


class Subclass(SessionStore):
    """An engine of a site, which may do more than write a row."""

    def create(self) -> None:
        created.append(self)
        super().create()


created: list[Any] = []


def test_a_subclass_stores_its_sessions_itself(
    contoso: Company, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SessionMiddleware, "__init__", with_engine(Subclass))
    created.clear()
    assert written(contoso, client) == ["INSERT"]
    assert len(created) == 1


def with_engine(engine: Any) -> Any:
    original = SessionMiddleware.__init__

    def init(self: Any, get_response: Any) -> None:
        original(self, get_response)
        self.SessionStore = engine

    return init


def test_a_key_that_a_session_has_is_not_given_again(
    contoso: Company, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = SessionStore("b" * 40)
    theirs.clear()  # else it would be looked up
    theirs["basket"] = 3
    theirs.save(must_create=True)
    keys = iter(["b" * 40, "c" * 40])
    monkeypatch.setattr(base, "get_random_string", lambda *arguments: next(keys))
    # MariaDB's driver does not say what it was asked when that failed.
    assert set(written(contoso, client)) == {"INSERT"}
    assert not list(keys)
    assert client.session.session_key == "c" * 40
    assert SessionStore("b" * 40).load() == {"basket": 3}


class Holding:
    """A middleware of a site, which takes the session before the view."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        session = request.session
        response = self.get_response(request)
        if request.user.is_authenticated:
            session["tracked"] = True
        return response


def test_who_took_the_session_before_has_the_one_that_is_stored(
    contoso: Company, client: Client, settings: Any
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.Holding"]
    assert written(contoso, client) == ["INSERT", "UPDATE"]
    assert client.session["tracked"]
    assert "azuread_sign_ins" in client.session
    assert Session.objects.count() == 1


def test_a_session_that_somebody_else_could_know_gets_another_key(
    contoso: Company, client: Client
) -> None:
    session = client.session
    session["basket"] = 3
    session.save()
    known = session.session_key
    written(contoso, client)
    assert client.session.session_key != known
    assert client.session["basket"] == 3
    assert not Session.objects.filter(session_key=known).exists()


def test_a_session_without_a_key_in_which_somebody_is_signed_in_is_left_to_django() -> None:
    """Its user would not be compared with the new one."""
    session = SessionStore()
    session[SESSION_KEY] = "7"
    assert not new_session.leave_unstored(session, UserFactory.create())
    assert dict(session.items()) == {SESSION_KEY: "7"}


def test_a_key_that_no_session_has_is_not_taken_over(contoso: Company, client: Client) -> None:
    client.cookies["sessionid"] = "a" * 32
    written(contoso, client)
    assert client.session.session_key != "a" * 32


@pytest.mark.parametrize("receivers", [None, [()], [((7, 7), None)]])
def test_a_signal_of_another_shape_counts_as_other_receivers(
    contoso: Company, client: Client, monkeypatch: pytest.MonkeyPatch, receivers: Any
) -> None:
    module = "azuread_connections.login.state.new_session.user_logged_in"

    class Signal:
        pass

    signal: Any = Signal()
    signal.receivers = receivers
    monkeypatch.setattr(module, signal)
    assert written(contoso, client) == ["INSERT", "UPDATE"]
