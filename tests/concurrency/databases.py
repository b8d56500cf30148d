"""One test database for threads and for other processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection


@contextmanager
def shared_database(folder: Path) -> Iterator[None]:
    """Let all connections meet in the test database as they would in a real one.

    SQLite's is in memory, where a connection does not wait for another's lock but fails, and where
    no other process looks. So its content moves into a file, for as long as this lasts.
    """
    if connection.vendor != "sqlite":
        yield
        return
    file = folder / "shared.sqlite3"
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(file)])
    # Threads make their connections from the same dict. The one to memory must stay open, or
    # the database in memory is gone.
    in_memory, name = connection.connection, connection.settings_dict["NAME"]
    connection.connection, connection.settings_dict["NAME"] = None, str(file)
    try:
        yield
    finally:
        connection.close()
        connection.connection, connection.settings_dict["NAME"] = in_memory, name
