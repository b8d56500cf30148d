"""INSERT and UPDATE of one row, built once and then run repeatedly: see ``prepared``.

If a statement cannot be built, Django runs the same one in its usual way: slower.
"""

from __future__ import annotations

from typing import Any

from django.db import connections
from django.db.models import AutoField, Model
from django.db.models.signals import post_save, pre_save

from .prepared import DATABASE_UNAVAILABLE, warn_not_prepared


class _Write:
    """A statement that writes one row of a model, whose fields are all in its own table."""

    def __init__(self, model: type[Model]) -> None:
        self._model = model
        #: By database; None if the statement could not be built.
        self._statements: dict[str, str | None] = {}

    def _sql(self, using: str) -> str | None:
        if using not in self._statements:
            try:
                self._statements[using] = self._compile(using)
            except DATABASE_UNAVAILABLE:
                raise
            except Exception:
                warn_not_prepared(self._model)
                self._statements[using] = None
        return self._statements[using]

    def _compile(self, using: str) -> str:
        raise NotImplementedError


def _placeholder(field: Any) -> str:
    """Return where the value of a field goes. Raises ``ValueError`` if that is for Django to say:
    the database makes the value, or the field has SQL of its own (the name in 5.2, and in 6.1)."""
    own_sql = hasattr(field, "get_placeholder") or hasattr(field, "get_placeholder_sql")
    if own_sql or field.generated or field.has_db_default():
        raise ValueError(f"The value of {field} cannot be a plain parameter.")
    return "%s"


class Insert(_Write):
    """An INSERT of a whole row.

    It is ``Model.save`` where that does more: where the model has its own, or a parent's table, or
    something listens for ``pre_save`` or ``post_save``.
    """

    def __init__(self, model: type[Model]) -> None:
        super().__init__(model)
        key: Any = model._meta.pk
        #: The key that the database gives, if it does.
        self._key: Any = key if isinstance(key, AutoField) else None
        self._fields: list[Any] = [
            each for each in model._meta.concrete_fields if each != self._key
        ]

    def store(self, row: Model, using: str) -> None:
        """Write the row, and set its key. Raises the database's errors.

        Unlike ``Model.save``, it does not check that related objects were saved.
        """
        sql = None if self._is_noticed() else self._sql(using)
        if sql is None:
            row.save(force_insert=True, using=using)
            return
        connection: Any = connections[using]
        values = [
            field.get_db_prep_save(field.pre_save(row, True), connection) for field in self._fields
        ]
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            if self._key is not None:
                row.pk = self._key_of(cursor, connection)
        row._state.adding = False
        row._state.db = using

    def _is_noticed(self) -> bool:
        model = self._model
        if model.save is not Model.save or model.save_base is not Model.save_base:
            return True
        if model._meta.parents:
            return True
        return pre_save.has_listeners(model) or post_save.has_listeners(model)

    def _key_of(self, cursor: Any, connection: Any) -> Any:
        if connection.features.can_return_columns_from_insert:
            return cursor.fetchone()[0]
        return connection.ops.last_insert_id(cursor, self._model._meta.db_table, self._key.column)

    def _compile(self, using: str) -> str:
        connection = connections[using]
        quote = connection.ops.quote_name
        columns = ", ".join(quote(field.column) for field in self._fields)
        places = ", ".join(_placeholder(field) for field in self._fields)
        table = quote(self._model._meta.db_table)
        sql = f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608 - names only
        if self._key is not None and connection.features.can_return_columns_from_insert:
            sql += f" RETURNING {quote(self._key.column)}"
        return sql


class Update(_Write):
    """An UPDATE of some fields of one row: ``save(update_fields=…)`` without its signals."""

    def __init__(self, model: type[Model], *fields: str) -> None:
        super().__init__(model)
        self._fields: list[Any] = [model._meta.get_field(name) for name in fields]

    def store(self, row: Model, using: str) -> bool:
        """Write the row; return whether it still exists."""
        sql = self._sql(using)
        values = [field.pre_save(row, False) for field in self._fields]
        if sql is None:
            rows = self._model._base_manager.using(using).filter(pk=row.pk)
            names = [field.name for field in self._fields]
            return bool(rows.update(**dict(zip(names, values, strict=True))))
        connection = connections[using]
        columns = zip((*self._fields, self._model._meta.pk), (*values, row.pk), strict=True)
        parameters = [field.get_db_prep_save(value, connection) for field, value in columns]
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return bool(cursor.rowcount)

    def _compile(self, using: str) -> str:
        quote = connections[using].ops.quote_name
        columns = ", ".join(
            f"{quote(field.column)} = {_placeholder(field)}" for field in self._fields
        )
        where = f"{quote(str(self._model._meta.pk.column))} = %s"
        return f"UPDATE {quote(self._model._meta.db_table)} SET {columns} WHERE {where}"  # noqa: S608 - names only
