"""Queries that Django compiles once and then runs repeatedly. ``prepared_writes`` has the rest.

Django takes several times as long to build the SQL of a query as the database takes to answer it,
and every sign-in runs the same few queries.

Compiling in advance needs Django's private query compiler, which can change with any release. If
it raises, the same query runs as a plain queryset: slower, with the same statements and rows. Only
the errors of a database that cannot be reached are raised, and the next run compiles again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.db import InterfaceError, OperationalError, connections
from django.db.models import CharField, Expression, Model, QuerySet

from ..log_fields import LogEvent, log_fields

logger = logging.getLogger("azuread_connections")

_Values = Mapping[str, str | int | None]
#: The position of a value in a row, the function that converts it, and the value's expression.
_Converter = tuple[int, Callable[..., Any], Any]

#: While a statement is compiled, Django can ask the database for its version. If it cannot be
#: reached, that says nothing about the statement: the next run compiles it.
DATABASE_UNAVAILABLE = (OperationalError, InterfaceError)

#: The attribute of a database connection that keeps converters.
_CONVERTERS = "_azuread_converters"
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
    model itself). ``columns`` are read in addition: of tables, then annotations in the order in
    which the query adds them. Only then can ``_shorten`` leave their names out.
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
        connection: Any = connections[using]
        # Times are read differently with USE_TZ off, which a test can set.
        key = using, connection.timezone is None
        statement = self._statements.get(key)
        if statement is None:
            statement = self._statements[key] = self._prepare(using)
        return statement.rows(connection, values)

    def _prepare(self, using: str) -> _Compiled | _Plain:
        queryset = self._build()
        parts = [_Part.at(queryset.model, name, path) for name, path in self._models.items()]
        try:
            return _compile_select(using, queryset, parts, self._columns)
        except DATABASE_UNAVAILABLE:
            raise
        except Exception:
            warn_not_prepared(queryset.model)
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


@dataclass(frozen=True, eq=False)
class _Compiled:
    """A query's SQL, and how to read its rows."""

    sql: str
    #: What Django would send, with each ``Parameter`` still a placeholder.
    parameters: tuple[Any, ...]
    #: Positions in the row whose values need converting, each with its expression.
    converted: tuple[tuple[int, Any], ...]
    slices: tuple[_Slice, ...]
    columns: tuple[str, ...]

    def rows(self, connection: Any, values: _Values) -> Iterator[SimpleNamespace]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self._filled_in(values))
            found = cursor.fetchall()
        for row in found:
            yield self._read(connection, row)

    def _filled_in(self, values: _Values) -> list[Any]:
        return [
            values[each.name] if isinstance(each, Parameter) else each for each in self.parameters
        ]

    def _read(self, connection: Any, row: tuple[Any, ...]) -> SimpleNamespace:
        values = list(row)
        for position, convert, expression in self._converters_of(connection):
            values[position] = convert(values[position], expression, connection)
        using = connection.alias
        read: dict[str, Any] = {part.name: part.read(using, values) for part in self.slices}
        read.update(zip(self.columns, values[self.slices[-1].end :], strict=True))
        return SimpleNamespace(**read)

    def _converters_of(self, connection: Any) -> list[_Converter]:
        # Kept by the connection, of which they have methods: so they end with its thread.
        kept: dict[_Compiled, list[_Converter]] = connection.__dict__.setdefault(_CONVERTERS, {})
        found = kept.get(self)
        if found is None:
            found = kept[self] = [
                (position, convert, expression)
                for position, expression in self.converted
                for convert in (
                    *connection.ops.get_db_converters(expression),
                    *expression.get_db_converters(connection),
                )
            ]
        return found


@dataclass(frozen=True)
class _Plain:
    """A query that Django builds again each time it runs."""

    queryset: QuerySet[Any]
    parts: list[_Part]
    columns: tuple[str, ...]

    def rows(self, connection: Any, values: _Values) -> Iterator[SimpleNamespace]:
        using = connection.alias
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
    _shorten(query, columns)
    compiler = query.get_compiler(using=using)
    sql, parameters = compiler.as_sql()
    expressions = [selected[0] for selected in compiler.select]
    _check_order(expressions, [field for part in parts for field in part.fields], len(columns))
    converters = compiler.get_converters(expressions)
    converted = tuple((position, expression) for position, (_, expression) in converters.items())
    return _Compiled(sql, tuple(parameters), converted, tuple(slices), columns)


def _shorten(query: Any, columns: tuple[str, ...]) -> None:
    """Give the tables of a query short names, and its columns none.

    Every column repeats the name of its table, and each time a database reads all of the text.
    psycopg keeps what it has parsed of a statement only if that has at most 4,096 characters.
    """
    query.get_initial_alias()
    query.change_aliases({alias: f"t{number}" for number, alias in enumerate(query.alias_map)})
    query.__dict__.pop("base_table", None)  # a cached property, which still has the old alias
    annotations = tuple(query.annotation_select)
    if columns[len(columns) - len(annotations) :] == annotations:
        # Without it, Django names no column, and selects annotations after columns of tables.
        query.selected = None


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


def warn_not_prepared(model: type[Model]) -> None:
    """Log the exception that is being handled: a statement of this model could not be built."""
    logger.warning(
        "A statement of %s could not be compiled in advance. Django builds it each time, which is "
        "slower.",
        model._meta.label,
        exc_info=True,
        extra=log_fields(LogEvent.QUERY_NOT_COMPILED, detail=model._meta.label),
    )
