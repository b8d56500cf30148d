"""Indexes that find whole values in any case of letters, or among few rows only, on every database.

MariaDB has neither indexes of expressions nor partial ones, and its text ignores case by itself. So
one declaration means different indexes: Django's own would be left out there, with a warning.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.lookups import Exact


class IgnoringCase(models.Func):
    """A text, so that those which differ in case only compare and sort as the same."""

    function = "UPPER"
    arity = 1

    def as_mysql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        # The collation ignores case, and a function would hide the column from its index.
        return compiler.compile(self.source_expressions[0])


def same_text(field: str, value: str) -> models.Q:
    """Return the condition that a text column has this value, in any case of letters.

    A ``LookupIndex`` serves it. ``__iexact`` does not use one on SQLite.
    """
    return models.Q(Exact(IgnoringCase(field), IgnoringCase(models.Value(value))))


class LookupIndex(models.Index):
    """An index of columns, of which the last ignores case if ``ignores_case``.

    ``only``: which rows it has on PostgreSQL and SQLite. A query must repeat that condition. Rows
    outside of it cost nothing when they are written. ``unique``: no two of its rows are the same.
    """

    def __init__(
        self,
        *,
        fields: Any,
        name: str,
        only: models.Q | None = None,
        ignores_case: bool = False,
        unique: bool = False,
    ) -> None:
        super().__init__(fields=fields, name=name)
        self.only = only
        self.ignores_case = ignores_case
        self.unique = unique

    def create_sql(self, model: Any, schema_editor: Any, using: str = "", **kwargs: Any) -> Any:
        statement = self._plain(schema_editor.connection.vendor).create_sql(
            model, schema_editor, using, **kwargs
        )
        if self.unique:
            statement.template = statement.template.replace("CREATE INDEX", "CREATE UNIQUE INDEX")
        return statement

    def _plain(self, vendor: str) -> models.Index:
        """Return Django's index that does it on this database."""
        if vendor == "mysql":
            return models.Index(fields=self.fields, name=self.name)
        *others, last = self.fields
        columns: list[Any] = [models.F(name) for name in others]
        columns.append(IgnoringCase(last) if self.ignores_case else models.F(last))
        return models.Index(*columns, name=self.name, condition=self.only)

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        options = {"only": self.only, "ignores_case": self.ignores_case, "unique": self.unique}
        return path, args, kwargs | {name: value for name, value in options.items() if value}
