"""Statements that Django compiles once, and then only runs.

Django takes several times as long to build the SQL of a query as the database takes to answer it,
and a sign-in asks the same few every time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connections
from django.db.models import CharField, Expression, Model, QuerySet


class Parameter(Expression):
    """Stands in a query for what is known when it runs: a text, a whole number or None."""

    def __init__(self, name: str) -> None:
        super().__init__(output_field=CharField())
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", (self,)


class Select:
    """Finds rows by a query that differs from one time to the next in its parameters only.

    ``build`` returns the query; it is called once for each database. ``models`` are the paths to
    what is read in full: relations of the query's model, or "" for that itself. ``columns`` are
    read besides, such as annotations.
    """

    def __init__(
        self,
        build: Callable[[], QuerySet[Any]],
        *,
        models: tuple[str, ...],
        columns: tuple[str, ...] = (),
    ) -> None:
        self._build = build
        self._paths = models
        self._columns = columns
        self._compiled: dict[tuple[str, bool], _Compiled] = {}

    def rows(self, using: str, **values: str | int | None) -> Iterator[list[Any]]:
        """Yield the objects and columns of each row. None: an outer join has found no object."""
        connection = connections[using]
        # A database's times are read otherwise with USE_TZ off, as a test may have it.
        key = using, connection.timezone is None
        compiled = self._compiled.get(key)
        if compiled is None:
            compiled = self._compiled[key] = _compile(
                using, self._build(), self._paths, self._columns
            )
        with connection.cursor() as cursor:
            cursor.execute(compiled.sql, compiled.filled_in(values))
            found = cursor.fetchall()
        for row in found:
            yield compiled.read(using, row)


@dataclass(frozen=True)
class _Part:
    """The columns of a row, from ``start`` to ``end``, that make an object."""

    model: type[Model]
    start: int
    end: int
    names: list[str]
    key: int

    def read(self, using: str, row: list[Any]) -> Model | None:
        if row[self.key] is None:
            return None
        return self.model.from_db(using, self.names, row[self.start : self.end])


@dataclass(frozen=True)
class _Compiled:
    sql: str
    #: What Django would send, and each ``Parameter`` as itself.
    parameters: tuple[Any, ...]
    #: Positions in the row whose values are not the database's own, and what they are of.
    converted: tuple[tuple[int, Any], ...]
    parts: tuple[_Part, ...]

    def filled_in(self, values: dict[str, str | int | None]) -> list[Any]:
        return [
            values[each.name] if isinstance(each, Parameter) else each for each in self.parameters
        ]

    def read(self, using: str, row: tuple[Any, ...]) -> list[Any]:
        values = list(row)
        connection = connections[using]
        for position, expression in self.converted:
            # Those of the database belong to this thread's connection: they cannot be kept.
            for convert in connection.ops.get_db_converters(expression):
                values[position] = convert(values[position], expression, connection)
            for convert in expression.get_db_converters(connection):
                values[position] = convert(values[position], expression, connection)
        objects = [part.read(using, values) for part in self.parts]
        return [*objects, *values[self.parts[-1].end :]]


def _compile(
    using: str, queryset: QuerySet[Any], paths: tuple[str, ...], columns: tuple[str, ...]
) -> _Compiled:
    names: list[str] = []
    parts = []
    for path in paths:
        model = _model_at(queryset.model, path)
        fields = [field.attname for field in model._meta.concrete_fields]
        start, end = len(names), len(names) + len(fields)
        key = start + fields.index(model._meta.pk.attname)
        parts.append(_Part(model, start, end, fields, key))
        names += [f"{path}__{field}" if path else field for field in fields]
    query = queryset.values_list(*names, *columns).query
    compiler = query.get_compiler(using=using)
    sql, parameters = compiler.as_sql()
    converters = compiler.get_converters([selected[0] for selected in compiler.select])
    converted = tuple((position, expression) for position, (_, expression) in converters.items())
    return _Compiled(sql, tuple(parameters), converted, tuple(parts))


def _model_at(model: type[Model], path: str) -> Any:
    found: Any = model
    for step in path.split("__") if path else ():
        found = found._meta.get_field(step).related_model
    return found


class Update:
    """Writes some fields of one row. As with ``QuerySet.update``, the model sends no signal."""

    def __init__(self, model: type[Model], *fields: str) -> None:
        self._table = model._meta.db_table
        self._fields: list[Any] = [model._meta.get_field(name) for name in fields]
        self._key: Any = model._meta.pk
        self._sql: dict[str, str] = {}

    def store(self, row: Model, using: str) -> bool:
        """Return whether the row is still there."""
        connection = connections[using]
        sql = self._sql.get(using)
        if sql is None:
            sql = self._sql[using] = self._compile(connection.ops.quote_name)
        values = [
            field.get_db_prep_save(getattr(row, field.attname), connection)
            for field in (*self._fields, self._key)
        ]
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return bool(cursor.rowcount)

    def _compile(self, quote: Callable[[str], str]) -> str:
        columns = ", ".join(f"{quote(field.column)} = %s" for field in self._fields)
        where = f"{quote(self._key.column)} = %s"
        return f"UPDATE {quote(self._table)} SET {columns} WHERE {where}"  # noqa: S608 - names only
