"""Replicas that a sign-in would read, and connection poolers. No database is opened."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission, PermissionsMixin
from django.contrib.sessions.backends.db import SessionStore
from django.db import router

from ..conf import conf
from .finding import Finding

ROUTER = "azuread_connections.routers.PrimaryRouter"
#: The port on which PgBouncer listens unless it is told otherwise.
_PGBOUNCER_PORT = "6432"
_POSTGRESQL = ("django.db.backends.postgresql", "django.contrib.gis.db.backends.postgis")


def findings() -> Iterator[Finding]:
    """Yield tables that are read from another database than they are written to, and what a pooler
    of connections needs."""
    elsewhere = [model._meta.label for model in _needed_models() if _is_read_elsewhere(model)]
    if elsewhere:
        yield Finding(
            22,
            f"DATABASE_ROUTERS sends reads of {', '.join(elsewhere)} to another database than "
            "writes. Until a replica has caught up, people appear to be signed out after they have "
            "signed in, and those who were deactivated stay signed in.",
            f"Put '{ROUTER}' first in DATABASE_ROUTERS. If the replica is synchronous, silence "
            "this.",
        )
    for alias, database in conf.databases.items():
        if _is_pgbouncer(database) and not database.get("DISABLE_SERVER_SIDE_CURSORS"):
            yield Finding(
                23,
                f"The database '{alias}' has the port of PgBouncer. If it pools by transaction, "
                "pages of the admin that read with a server-side cursor fail now and then.",
                f"Set DISABLE_SERVER_SIDE_CURSORS = True in DATABASES['{alias}']. If it pools by "
                "session, silence this.",
                is_advice=True,
            )


def _needed_models() -> Iterator[type[Any]]:
    """Yield models of Django's and the site's of which a sign-in needs the current rows."""
    try:
        store = import_module(conf.session_engine).SessionStore
    except (ImportError, AttributeError):
        pass  # every request fails with the reason
    else:
        if issubclass(store, SessionStore):
            yield store.get_model_class()
    user_model: Any = get_user_model()
    yield user_model
    if issubclass(user_model, PermissionsMixin):
        yield from (Group, Permission)


def _is_read_elsewhere(model: type[Any]) -> bool:
    return bool(router.db_for_read(model) != router.db_for_write(model))


def _is_pgbouncer(database: dict[str, Any]) -> bool:
    return database.get("ENGINE") in _POSTGRESQL and str(database.get("PORT")) == _PGBOUNCER_PORT
