"""Indexes for the searches of the log, and fewer that a sign-in writes to.

On PostgreSQL they are built while others write. That cannot be in a transaction, so each operation
but the last can be repeated if a later one fails.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.db import migrations, models
from django.db.transaction import atomic

from azuread_connections.models.lookup_index import LookupIndex


class AddIndexWhileOthersWrite(migrations.AddIndex):
    """On PostgreSQL it is built concurrently; what a failed attempt has left is dropped first."""

    atomic = False

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.remove_index(model, self.index, concurrently=True)
            schema_editor.add_index(model, self.index, concurrently=True)


class RemoveConstraintAtOnce(migrations.RemoveConstraint):
    """SQLite copies the table: in a transaction, as in other migrations."""

    def database_forwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        with _at_once(schema_editor.connection):
            super().database_forwards(app_label, schema_editor, *states)

    def database_backwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        with _at_once(schema_editor.connection):
            super().database_backwards(app_label, schema_editor, *states)


def _at_once(connection: Any) -> AbstractContextManager[Any]:
    # MariaDB ends a transaction at such a statement.
    return atomic(connection.alias) if connection.features.can_rollback_ddl else nullcontext()


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("azuread_connections", "0018_database_defaults"),
    ]

    operations = [
        AddIndexWhileOthersWrite(
            model_name="connection",
            index=LookupIndex(
                fields=["display_name"], name="azuread_connection_display", ignores_case=True
            ),
        ),
        AddIndexWhileOthersWrite(
            model_name="identity",
            index=LookupIndex(
                fields=["login_name"], name="azuread_identity_name", ignores_case=True
            ),
        ),
        migrations.RemoveIndex(model_name="identity", name="azuread_identity_login_name"),
        AddIndexWhileOthersWrite(
            model_name="event",
            index=LookupIndex(
                fields=["identity", "person"],
                name="azuread_event_person",
                only=models.Q(identity=None),
                ignores_case=True,
            ),
        ),
        AddIndexWhileOthersWrite(
            model_name="event",
            index=LookupIndex(
                fields=["correlation_id"],
                name="azuread_event_correlation",
                only=~models.Q(correlation_id=""),
                ignores_case=True,
            ),
        ),
        # Before what it replaces goes: at no time may a counter get a second row.
        AddIndexWhileOthersWrite(
            model_name="event",
            index=LookupIndex(
                fields=["counter_key"],
                name="azuread_event_counted",
                only=models.Q(counter_key__isnull=False),
                unique=True,
            ),
        ),
        # Last: it cannot be repeated.
        RemoveConstraintAtOnce(model_name="event", name="azuread_event_counter"),
    ]
