"""The user's last sign-in is stored as Django stores it, in a statement that is compiled once."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import User, update_last_login
from django.contrib.auth.signals import user_logged_in
from django.db import DatabaseError, transaction
from django.db import connection as database
from django.db.models import Model
from django.db.models.signals import post_save, pre_save
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from azuread_connections.login.users import last_login
from azuread_connections.login.users.last_login import compiled_last_login
from tests.company import Company
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The users whose last sign-in was stored by the compiled statement."""
    users: list[Any] = []

    class Spy(last_login.Update):
        def store(self, row: Any, using: str) -> bool:
            users.append(row)
            return super().store(row, using)

    monkeypatch.setattr(last_login, "Update", Spy)
    last_login._update_of.cache_clear()
    yield users
    last_login._update_of.cache_clear()


def test_a_sign_in_stores_it_and_nothing_else(
    contoso: Company, client: Client, compiled: list[Any]
) -> None:
    contoso.sign_in(client)
    user = User.objects.get()
    User.objects.update(first_name="Another", last_login=None)
    before = timezone.now()
    contoso.connection.sync_profile = "never"
    contoso.connection.save()
    contoso.sign_in(Client())
    assert compiled[-1].pk == user.pk
    user.refresh_from_db()
    assert user.last_login is not None
    assert before <= user.last_login <= timezone.now()
    assert user.first_name == "Another"


def test_within_the_block_anything_else_is_saved_by_django(compiled: list[Any]) -> None:
    user = UserFactory.create(first_name="Adele")
    with compiled_last_login(user):
        update_last_login(None, user)
        user.first_name = "Megan"
        user.save()
        user.last_name = "Bowen"
        user.save(update_fields=["last_name"])
    assert compiled == [user]
    user.first_name = "Alex"
    user.save()
    user.refresh_from_db()
    assert (user.first_name, user.last_name) == ("Alex", "Bowen")
    assert compiled == [user]


def test_it_is_one_statement(compiled: list[Any]) -> None:
    user = UserFactory.create()
    for _ in range(2):
        with CaptureQueriesContext(database) as queries, compiled_last_login(user):
            update_last_login(None, user)
        assert len(queries) == 1
        assert "last_login" in queries[0]["sql"]


@pytest.mark.parametrize("use_tz", [True, False])
def test_it_is_the_time_that_django_stores(
    compiled: list[Any], settings: Any, use_tz: bool
) -> None:
    settings.USE_TZ = use_tz
    user = UserFactory.create()
    with compiled_last_login(user):
        update_last_login(None, user)
    assert compiled == [user]
    stored = User.objects.get()
    assert stored.last_login == user.last_login
    update_last_login(None, user)
    assert User.objects.get().last_login == user.last_login
    assert compiled == [user]


@pytest.mark.parametrize("signal", [pre_save, post_save])
def test_who_listens_for_the_users_signals_is_informed(compiled: list[Any], signal: Any) -> None:
    heard: list[Any] = []

    def receive(instance: Any, **kwargs: Any) -> None:
        heard.append(instance)

    user = UserFactory.create()
    signal.connect(receive, sender=User)
    try:
        with compiled_last_login(user):
            update_last_login(None, user)
    finally:
        signal.disconnect(receive, sender=User)
    assert heard == [user]
    assert not compiled


def test_a_models_own_save_is_called(compiled: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    saved: list[Any] = []
    monkeypatch.setattr(User, "save", lambda self, **kwargs: saved.append(kwargs), raising=False)
    user = User(pk=1)
    with compiled_last_login(user):
        update_last_login(None, user)
    assert saved == [{"update_fields": ["last_login"]}]
    assert not compiled


def test_a_save_of_a_mixin_is_called(compiled: list[Any]) -> None:
    """``AbstractBaseUser.save`` calls that of the classes after it."""
    saved: list[Any] = []

    class Stamped(Model):
        class Meta:
            abstract = True
            app_label = "tests"

        def save(self, *args: Any, **kwargs: Any) -> None:
            saved.append(kwargs)

    class Stamping(AbstractBaseUser, Stamped):  # noqa: DJ008
        class Meta:
            app_label = "tests"

    user = Stamping()
    with compiled_last_login(user):
        update_last_login(None, user)
    assert saved == [{"update_fields": ["last_login"]}]
    assert not compiled


def test_a_receiver_finds_a_user_that_it_can_cache(contoso: Company, client: Client) -> None:
    cached: list[bytes] = []

    def receive(user: Any, **kwargs: Any) -> None:
        cached.append(pickle.dumps(user))

    user_logged_in.connect(receive)
    try:
        assert contoso.sign_in(client).status_code == 302
    finally:
        user_logged_in.disconnect(receive)
    assert cached


def test_a_proxy_model_is_left_to_django(compiled: list[Any]) -> None:
    class Child(User):
        class Meta:
            app_label = "tests"
            proxy = True

    user = UserFactory.create()
    child = Child.objects.get(pk=user.pk)
    with compiled_last_login(child):
        update_last_login(None, child)
    user.refresh_from_db()
    assert user.last_login == child.last_login
    assert not compiled


def test_a_user_who_was_deleted_meanwhile_raises_djangos_error(compiled: list[Any]) -> None:
    user = UserFactory.create()
    User.objects.all().delete()
    with compiled_last_login(user), transaction.atomic(), pytest.raises(DatabaseError):
        update_last_login(None, user)
    assert compiled == [user]
    assert "save" not in vars(user)
