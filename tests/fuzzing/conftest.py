"""A database as strict as PostgreSQL, whatever the suite runs on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import connection
from django.db.models import CharField, Model
from django.db.models.signals import pre_save


def _refuse(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    """PostgreSQL refuses NUL and lone surrogates in text; SQLite and MariaDB accept a NUL."""
    for value in params or ():
        if isinstance(value, str):
            assert "\x00" not in value, f"A NUL in a parameter of {sql[:80]}"
            value.encode()
    return execute(sql, params, many, context)


def _refuse_overlong(sender: type[Model], instance: Model, **kwargs: Any) -> None:
    """SQLite stores a text of any length."""
    for field in sender._meta.concrete_fields:
        value = getattr(instance, field.attname, None)
        if isinstance(field, CharField) and isinstance(value, str) and field.max_length:
            assert len(value) <= field.max_length, f"{field} is too long: {len(value)}"


@pytest.fixture
def strict_database(db: None) -> Iterator[None]:
    """Fail if a value is sent to the database that PostgreSQL would refuse."""
    pre_save.connect(_refuse_overlong)
    with ExitStack() as stack:
        stack.callback(pre_save.disconnect, _refuse_overlong)
        stack.enter_context(connection.execute_wrapper(_refuse))
        yield
