"""Statements built once write what Django's own write."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import IntegrityError, OperationalError, connection, models, transaction
from django.db.models.signals import post_save, pre_save
from django.utils import timezone

from azuread_connections.models import Event, Identity
from azuread_connections.models.prepared_writes import Insert, Update
from tests.factories import ConnectionFactory, IdentityFactory
from tests.models.test_prepared import HOSTILE, values_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, params=["compiled", "plain"])
def way(request: pytest.FixtureRequest) -> str:
    """Run each test of this module both ways."""
    if request.param == "plain":
        request.getfixturevalue("nothing_compiles")
    return str(request.param)


def test_an_update_stores_the_named_fields_of_one_row_and_no_others() -> None:
    identity, other = IdentityFactory.create_batch(2)
    untouched = values_of(other)
    identity.connection = ConnectionFactory.create()
    identity.login_name = "100% 'adele'@contoso.com"
    identity.profile = {"name": "Zoë", "null": None}
    identity.last_sign_in_at = timezone.now()
    identity.object_id = "not to be stored"
    update = Update(Identity, "connection", "login_name", "profile", "last_sign_in_at")
    assert update.store(identity, "default")
    stored = Identity.objects.get(pk=identity.pk)
    assert stored.object_id != "not to be stored"
    identity.object_id = stored.object_id
    assert values_of(stored) == values_of(identity)
    assert values_of(Identity.objects.get(pk=other.pk)) == untouched


def test_an_update_of_the_same_values_finds_its_row_too() -> None:
    identity = IdentityFactory.create()
    update = Update(Identity, "login_name")
    assert update.store(identity, "default")
    assert update.store(identity, "default")


def test_an_update_says_that_the_row_is_gone() -> None:
    identity = IdentityFactory.create()
    Identity.objects.all().delete()
    assert not Update(Identity, "login_name").store(identity, "default")


def test_an_update_raises_what_django_raises() -> None:
    identity = IdentityFactory.create()
    identity.login_name = None
    with pytest.raises(IntegrityError), transaction.atomic():
        Update(Identity, "login_name").store(identity, "default")


@pytest.mark.parametrize("value", HOSTILE)
def test_an_insert_stores_what_save_stores(value: str) -> None:
    identity = IdentityFactory.create()
    given = {
        "created_at": timezone.now(),
        "kind": Event.Kind.SIGNED_IN,
        "identity": identity,
        "connection": identity.connection,
        "person": value,
        "address": "2001:db8::1",
    }
    saved, inserted = Event(**given), Event(**given)
    saved.save()
    Insert(Event).store(inserted, "default")
    assert inserted.pk == saved.pk + 1
    assert (inserted._state.adding, inserted._state.db) == (False, "default")
    stored = values_of(Event.objects.get(pk=inserted.pk))
    assert stored == values_of(Event.objects.get(pk=saved.pk)) | {"id": inserted.pk}
    assert stored["person"] == value


def test_an_insert_of_a_row_with_a_key_of_its_own_keeps_it() -> None:
    row = Session(session_key="a" * 40, session_data="x", expire_date=timezone.now())
    Insert(Session).store(row, "default")
    assert Session.objects.get(pk="a" * 40).session_data == "x"
    with pytest.raises(IntegrityError), transaction.atomic():
        Insert(Session).store(row, "default")


@pytest.mark.parametrize("signal", [pre_save, post_save])
def test_an_insert_informs_who_listens(signal: Any) -> None:
    heard: list[Any] = []

    def receive(instance: Any, **kwargs: Any) -> None:
        heard.append(instance)

    insert = Insert(Event)
    insert.store(Event(created_at=timezone.now()), "default")
    signal.connect(receive, sender=Event)
    try:
        insert.store(event := Event(created_at=timezone.now()), "default")
    finally:
        signal.disconnect(receive, sender=Event)
    assert heard == [event]


def test_an_insert_is_the_models_own_save_if_it_has_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saved: list[Any] = []
    monkeypatch.setattr(Session, "save", lambda self, **kwargs: saved.append(kwargs), raising=False)
    Insert(Session).store(Session(session_key="a" * 40), "default")
    assert saved == [{"force_insert": True, "using": "default"}]


class Shouted(models.CharField):
    """A field with SQL of its own: in Django 5.2 by the first method, in 6.1 by the second."""

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:
        return "UPPER(%s)"

    def get_placeholder_sql(self, value: Any, compiler: Any, connection: Any) -> Any:
        return "UPPER(%s)", (value,)


class Computed(models.Model):
    """A model as a site can bring its own, for example for django-oauth-toolkit's tokens."""

    number = models.IntegerField()
    made = models.GeneratedField(
        expression=models.F("number") + 1, output_field=models.IntegerField(), db_persist=True
    )

    class Meta:
        app_label = "tests"

    def __str__(self) -> str:
        return str(self.number)


class Defaulted(models.Model):
    number = models.IntegerField()
    made = models.IntegerField(db_default=7)

    class Meta:
        app_label = "tests"

    def __str__(self) -> str:
        return str(self.number)


class Loud(models.Model):
    name = Shouted(max_length=20)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "tests"

    def __str__(self) -> str:
        return self.name


MODELS = (Computed, Defaulted, Loud)


@pytest.fixture
def tables(transactional_db: None) -> Iterator[None]:
    with connection.schema_editor() as editor:
        for model in MODELS:
            editor.create_model(model)
    yield
    with connection.schema_editor() as editor:
        for model in MODELS:
            editor.delete_model(model)


@pytest.mark.parametrize(("model", "made"), [(Computed, [2, 3]), (Defaulted, [7, 7])])
def test_an_insert_leaves_to_the_database_what_it_makes_by_itself(
    tables: None, model: Any, made: list[int]
) -> None:
    insert = Insert(model)
    for number in (1, 2):
        insert.store(model(number=number), "default")
    assert list(model._default_manager.order_by("pk").values_list("made", flat=True)) == made


def test_a_field_with_sql_of_its_own_keeps_it(tables: None) -> None:
    Insert(Loud).store(row := Loud(name="adele"), "default")
    assert Loud._default_manager.get().name == "ADELE"
    row.name = "megan"
    assert Update(Loud, "name").store(row, "default")
    assert Loud._default_manager.get().name == "MEGAN"


def test_an_update_stores_what_the_field_says_when_it_is_saved(tables: None) -> None:
    row = Loud._default_manager.create(name="adele")
    row.changed_at = long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    assert Update(Loud, "changed_at").store(row, "default")
    assert Loud._default_manager.get().changed_at == row.changed_at > long_ago


def test_a_database_that_cannot_be_reached_is_asked_again(
    way: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if way == "plain":
        pytest.skip("compiles")

    def unreachable(*args: Any) -> Any:
        raise OperationalError("server closed the connection unexpectedly")

    identity = IdentityFactory.create()
    insert, update = Insert(Event), Update(Identity, "login_name")
    with monkeypatch.context() as patched:
        for write in (insert, update):
            patched.setattr(type(write), "_compile", unreachable)
            with pytest.raises(OperationalError):
                write.store(identity, "default")
    insert.store(Event(created_at=timezone.now()), "default")
    update.store(identity, "default")
    assert insert._statements["default"]
    assert update._statements["default"]
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]
