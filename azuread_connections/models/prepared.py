"""Statements that Django compiles once and then runs repeatedly.

Django takes several times as long to build the SQL of a query as the database takes to answer it,
and every sign-in runs the same few queries.

Compiling in advance needs Django's private query compiler, which can change with any release. If
it raises, the same query runs as a plain queryset: slower, with the same statements and rows.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.db import connections
from django.db.models import CharField, Expression, Model, QuerySet

logger = logging.getLogger("azuread_connections")

_Values = Mapping[str, str | int | None]

#: The parameters of the plain queryset that is running.
_VALUES: ContextVar[_Values | None] = ContextVar("values", default=None)


class Parameter(Expression):
    """A placeholder for a value that is known when the query runs: text, an integer or None."""

    def __init__(self, name: str) -> None:
        super().__init__(output_field=CharField())
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        values = _VALUES.get()
        return "%s", (self if values is None else values[self.name],)


class Select:
    """A SELECT of which only the parameters differ from one run to the next.

    ``build`` returns the query; it is called once for each database. ``models`` are the objects to
    read in full: the name of each in a row, and the path to it from the query's model ("" for that
    model itself). ``columns`` are read in addition, such as annotations.
    """

    def __init__(
        self,
        build: Callable[[], QuerySet[Any]],
        *,
        models: dict[str, str],
        columns: tuple[str, ...] = (),
    ) -> None:
        self._build = build
        self._models = models
        self._columns = columns
        self._statements: dict[tuple[str, bool], _Compiled | _Plain] = {}

    def rows(self, using: str, **values: str | int | None) -> Iterator[SimpleNamespace]:
        """Yield rows: attributes are the names of ``models`` and ``columns``.

        An object is None where an outer join has found no row.
        """
        # Times are read differently with USE_TZ off, which a test can set.
        key = using, connections[using].timezone is None
        statement = self._statements.get(key)
        if statement is None:
            statement = self._statements[key] = self._prepare(using)
        return statement.rows(using, values)

    def _prepare(self, using: str) -> _Compiled | _Plain:
        queryset = self._build()
        parts = [_Part.at(queryset.model, name, path) for name, path in self._models.items()]
        try:
            return _compile_select(using, queryset, parts, self._columns)
        except Exception:
            _warn_not_compiled(queryset.model)
            return _Plain(queryset, parts, self._columns)


@dataclass(frozen=True)
class _Part:
    """An object of a row: its name there, its model, and the paths to its fields."""

    name: str
    model: type[Model]
    fields: list[Any]
    paths: list[str]

    @classmethod
    def at(cls, root: type[Model], name: str, path: str) -> _Part:
        model: Any = root
        for step in path.split("__") if path else ():
            model = model._meta.get_field(step).related_model
        fields = list(model._meta.concrete_fields)
        prefix = f"{path}__" if path else ""
        return cls(name, model, fields, [f"{prefix}{field.attname}" for field in fields])


@dataclass(frozen=True)
class _Slice:
    """The columns of a row, from ``start`` to ``end``, that make an object."""

    name: str
    model: type[Model]
    start: int
    end: int
    attnames: list[str]
    key: int

    def read(self, using: str, row: list[Any]) -> Model | None:
        if row[self.key] is None:
            return None
        return self.model.from_db(using, self.attnames, row[self.start : self.end])


@dataclass(frozen=True)
class _Compiled:
    """A query's SQL, and how to read its rows."""

    sql: str
    #: What Django would send, with each ``Parameter`` still a placeholder.
    parameters: tuple[Any, ...]
    #: Positions in the row whose values need converting, each with its expression.
    converted: tuple[tuple[int, Any], ...]
    slices: tuple[_Slice, ...]
    columns: tuple[str, ...]

    def rows(self, using: str, values: _Values) -> Iterator[SimpleNamespace]:
        with connections[using].cursor() as cursor:
            cursor.execute(self.sql, self._filled_in(values))
            found = cursor.fetchall()
        for row in found:
            yield self._read(using, row)

    def _filled_in(self, values: _Values) -> list[Any]:
        return [
            values[each.name] if isinstance(each, Parameter) else each for each in self.parameters
        ]

    def _read(self, using: str, row: tuple[Any, ...]) -> SimpleNamespace:
        values = list(row)
        connection = connections[using]
        for position, expression in self.converted:
            # Database converters belong to this thread's connection, so they cannot be kept.
            for convert in connection.ops.get_db_converters(expression):
                values[position] = convert(values[position], expression, connection)
            for convert in expression.get_db_converters(connection):
                values[position] = convert(values[position], expression, connection)
        read: dict[str, Any] = {part.name: part.read(using, values) for part in self.slices}
        read.update(zip(self.columns, values[self.slices[-1].end :], strict=True))
        return SimpleNamespace(**read)


@dataclass(frozen=True)
class _Plain:
    """A query that Django builds again each time it runs."""

    queryset: QuerySet[Any]
    parts: list[_Part]
    columns: tuple[str, ...]

    def rows(self, using: str, values: _Values) -> Iterator[SimpleNamespace]:
        paths = [path for part in self.parts for path in part.paths]
        rows = self.queryset.using(using).values(*paths, *self.columns)
        token = _VALUES.set(values)
        try:
            found = list(rows)
        finally:
            _VALUES.reset(token)
        for row in found:
            read: dict[str, Any] = {
                part.name: self._object(using, part, row) for part in self.parts
            }
            yield SimpleNamespace(**read, **{name: row[name] for name in self.columns})

    def _object(self, using: str, part: _Part, row: dict[str, Any]) -> Model | None:
        values = [row[path] for path in part.paths]
        if values[part.fields.index(part.model._meta.pk)] is None:
            return None
        return part.model.from_db(using, [field.attname for field in part.fields], values)


def _compile_select(
    using: str, queryset: QuerySet[Any], parts: list[_Part], columns: tuple[str, ...]
) -> _Compiled:
    slices = []
    start = 0
    for part in parts:
        end = start + len(part.fields)
        key = start + part.fields.index(part.model._meta.pk)
        attnames = [field.attname for field in part.fields]
        slices.append(_Slice(part.name, part.model, start, end, attnames, key))
        start = end
    paths = [path for part in parts for path in part.paths]
    query = queryset.values_list(*paths, *columns).query
    compiler = query.get_compiler(using=using)
    sql, parameters = compiler.as_sql()
    expressions = [selected[0] for selected in compiler.select]
    _check_order(expressions, [field for part in parts for field in part.fields], len(columns))
    converters = compiler.get_converters(expressions)
    converted = tuple((position, expression) for position, (_, expression) in converters.items())
    return _Compiled(sql, tuple(parameters), converted, tuple(slices), columns)


def _check_order(expressions: list[Any], fields: list[Any], further: int) -> None:
    """Raise ``ValueError`` for a SELECT whose columns are not in the expected order."""
    if len(expressions) != len(fields) + further:
        raise ValueError("Django selects an unexpected number of columns.")
    for expression, field in zip(expressions, fields, strict=False):
        selected = expression.target
        # A foreign key has the value of the primary key that it points to, and saves the join.
        while selected is not field and selected.is_relation:
            selected = selected.target_field
        if selected is not field:
            raise ValueError(f"Django selects {expression.target} instead of {field}.")


class Update:
    """An UPDATE of some fields of one row. Like ``QuerySet.update``, it sends no signal."""

    def __init__(self, model: type[Model], *fields: str) -> None:
        self._model = model
        self._fields: list[Any] = [model._meta.get_field(name) for name in fields]
        #: None if it could not be compiled.
        self._statements: dict[str, str | None] = {}

    def store(self, row: Model, using: str) -> bool:
        """Write the row; return whether it still exists."""
        if using not in self._statements:
            self._statements[using] = self._prepare(using)
        sql = self._statements[using]
        if sql is None:
            rows = self._model._base_manager.using(using).filter(pk=row.pk)
            values = {field.name: getattr(row, field.attname) for field in self._fields}
            return bool(rows.update(**values))
        connection = connections[using]
        prepared = [
            field.get_db_prep_save(getattr(row, field.attname), connection)
            for field in (*self._fields, self._model._meta.pk)
        ]
        with connection.cursor() as cursor:
            cursor.execute(sql, prepared)
            return bool(cursor.rowcount)

    def _prepare(self, using: str) -> str | None:
        try:
            return _compile_update(using, self._model, self._fields)
        except Exception:
            _warn_not_compiled(self._model)
            return None


def _compile_update(using: str, model: type[Model], fields: list[Any]) -> str:
    quote = connections[using].ops.quote_name
    columns = ", ".join(f"{quote(field.column)} = %s" for field in fields)
    where = f"{quote(str(model._meta.pk.column))} = %s"
    return f"UPDATE {quote(model._meta.db_table)} SET {columns} WHERE {where}"  # noqa: S608 - names only


def _warn_not_compiled(model: type[Model]) -> None:
    logger.warning(
        "A query of %s could not be compiled in advance. It runs as a plain queryset, which is "
        "slower.",
        model._meta.label,
        exc_info=True,
    )
