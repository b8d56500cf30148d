from __future__ import annotations

import pytest
from django.core.checks import Warning as CheckWarning
from django.core.checks import run_checks
from django.db import connection as database
from django.db import models

from azuread_connections.models import Connection, Event, Identity
from azuread_connections.models.lookup_index import IgnoringCase, LookupIndex, same_text
from tests.factories import ConnectionFactory, IdentityFactory

pytestmark = pytest.mark.django_db


def test_a_migration_can_repeat_it() -> None:
    index = LookupIndex(
        fields=["identity", "person"], name="x", only=models.Q(identity=None), ignores_case=True
    )
    path, args, kwargs = index.deconstruct()
    assert path == "azuread_connections.models.lookup_index.LookupIndex"
    assert LookupIndex(*args, **kwargs) == index == index.clone()
    assert LookupIndex(fields=["identity", "person"], name="x") != index
    assert LookupIndex(fields=["a"], name="x", unique=True) != LookupIndex(fields=["a"], name="x")


@pytest.mark.parametrize("model", [Connection, Event, Identity])
def test_the_database_has_each_index(model: type[models.Model]) -> None:
    """Also MariaDB, which would not build one of Django's with an expression."""
    with database.cursor() as cursor:
        found = database.introspection.get_constraints(cursor, model._meta.db_table)
    declared = [index for index in model._meta.indexes if isinstance(index, LookupIndex)]
    assert declared
    for index in declared:
        assert found[index.name]["index"]
        assert bool(found[index.name]["unique"]) == index.unique


def test_no_check_of_django_warns_of_it() -> None:
    found = run_checks(databases=["default"])
    assert [
        each for each in found if isinstance(each, CheckWarning) and each.id[:6] == "models"
    ] == []


@pytest.mark.parametrize(
    "typed", ["AdeleV@contoso.com", "adelev@contoso.com", "ADELEV@CONTOSO.COM"]
)
def test_texts_are_compared_in_any_case_and_whole(typed: str) -> None:
    identity = IdentityFactory.create(login_name="AdeleV@contoso.com")
    IdentityFactory.create(login_name="AdeleV@contoso.com.example.com")
    assert Identity.objects.get(same_text("login_name", typed)) == identity


@pytest.mark.parametrize("typed", ["100%", "a_b", "a\\b", "' OR 1=1 --"])
def test_no_letter_is_a_wildcard(typed: str) -> None:
    ConnectionFactory.create(display_name="100 euros")
    ConnectionFactory.create(display_name="axb")
    assert not Connection.objects.filter(same_text("display_name", typed)).exists()
    connection = ConnectionFactory.create(display_name=typed)
    assert Connection.objects.get(same_text("display_name", typed)) == connection


def test_texts_sort_in_any_case() -> None:
    for name in ("bob@contoso.com", "Adele@contoso.com", "adam@contoso.com"):
        IdentityFactory.create(login_name=name)
    names = Identity.objects.order_by(IgnoringCase("login_name")).values_list(
        "login_name", flat=True
    )
    assert list(names) == ["adam@contoso.com", "Adele@contoso.com", "bob@contoso.com"]
