"""Migrations while people sign in: what they do to others, and to workers of the previous release.

``ci/rolling_deploy.py`` runs the previous release's code. This needs no history of git.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection, models
from django.db.migrations import operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from tests.migrations.risks import NO_RELEASE_YET, PREVIOUS_RELEASE, REASONS, risks_of
from tests.migrations.risks import _effect as effect

OURS = "azuread_connections"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "zero-downtime.md"


def test_every_operation_that_stops_others_has_a_reason() -> None:
    assert [risk.name for risk in risks_of(OURS) if not risk.reason] == []


def test_every_reason_is_about_an_operation() -> None:
    found = list(risks_of(OURS))
    known = {risk.name for risk in found} | {risk.migration for risk in found}
    assert [name for name in REASONS if name.startswith(f"{OURS}.") and name not in known] == []


def test_the_page_on_upgrading_names_each_migration_since_the_previous_release() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for risk in risks_of(OURS):
        if risk.reason != NO_RELEASE_YET:
            assert f"| `{risk.migration.partition('.')[2]}` |" in page


@pytest.fixture
def state() -> ProjectState:
    """A table with two columns."""
    state = ProjectState()
    fields = [("id", models.BigAutoField(primary_key=True)), ("word", models.CharField())]
    state.add_model(ModelState(OURS, "Thing", fields))
    return state


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (operations.AddField("thing", "new", models.IntegerField(null=True)), ""),
        (operations.AddField("thing", "new", models.IntegerField(default=0, db_default=0)), ""),
        (
            operations.AddField("thing", "new", models.IntegerField(default=0)),
            "the previous release cannot insert rows",
        ),
        (
            operations.AddField("thing", "new", models.IntegerField(null=True, db_index=True)),
            "builds an index",
        ),
        (
            operations.AddField(
                "thing", "new", models.ForeignKey("self", models.CASCADE, null=True)
            ),
            "locks two tables while the foreign key is added",
        ),
        (operations.AlterField("thing", "word", models.CharField(help_text="A word.")), ""),
        (operations.AlterField("thing", "word", models.CharField(db_default="")), ""),
        (
            operations.AlterField("thing", "word", models.CharField(max_length=3)),
            "changes the column",
        ),
        (operations.AlterField("thing", "word", models.TextField()), "changes the column"),
        (
            operations.AddIndex("thing", models.Index(fields=["word"], name="thing_word")),
            "blocks writes while the index is built",
        ),
        (
            operations.AddConstraint(
                "thing", models.UniqueConstraint(fields=["word"], name="thing_word")
            ),
            "blocks the table while all rows are checked",
        ),
        (
            operations.RemoveField("thing", "word"),
            "takes away a name that the previous release uses",
        ),
        (
            operations.RenameField("thing", "word", "text"),
            "takes away a name that the previous release uses",
        ),
        (
            operations.RenameModel("Thing", "Object"),
            "takes away a name that the previous release uses",
        ),
        (operations.RunSQL("SELECT 1"), "locks the rows that it writes"),
    ],
)
def test_what_an_operation_does_to_others(
    state: ProjectState, operation: operations.base.Operation, expected: str
) -> None:
    assert effect(operation, state, OURS) == expected


@pytest.mark.django_db
def test_the_previous_release_can_read_and_write_every_table_that_it_knows() -> None:
    """Its columns are there, and those that it does not know need no value."""
    loader = MigrationLoader(None)
    previous = loader.project_state([(OURS, PREVIOUS_RELEASE[OURS])], at_end=True).apps
    problems = []
    with connection.cursor() as cursor:
        for model in previous.get_app_config(OURS).get_models(include_auto_created=True):
            table = model._meta.db_table
            columns = {
                column.name: column
                for column in connection.introspection.get_table_description(cursor, table)
            }
            known = {field.column for field in model._meta.local_concrete_fields}
            problems += [f"{table}.{name} is missing" for name in known - columns.keys()]
            problems += [
                f"{table}.{name} needs a value"
                for name in columns.keys() - known
                if not columns[name].null_ok and columns[name].default is None
            ]
    assert problems == []
