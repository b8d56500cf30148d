from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.models import Session
from django.core.cache.backends.db import BaseDatabaseCache
from django.db import router

from azuread_connections.models import Connection
from azuread_connections.routers import PrimaryRouter
from tests.replica import REPLICA, ReplicaRouter


@pytest.mark.parametrize(
    "model",
    [
        Connection,
        Group,
        Permission,
        Session,
        User,
        User.groups.through,
        User.user_permissions.through,
        BaseDatabaseCache("cache", {}).cache_model_class,
    ],
    ids=lambda model: str(model._meta.object_name),
)
def test_what_a_sign_in_rests_on_is_read_from_the_primary(model: Any, settings: Any) -> None:
    settings.DATABASE_ROUTERS = [PrimaryRouter(), ReplicaRouter()]
    assert router.db_for_read(model) == "default"


def test_everything_else_is_left_to_the_other_routers(settings: Any) -> None:
    settings.DATABASE_ROUTERS = [PrimaryRouter(), ReplicaRouter()]
    assert router.db_for_read(LogEntry) == REPLICA


def test_the_other_routers_decide_where_rows_are_written(settings: Any) -> None:
    class Elsewhere:
        def db_for_write(self, model: Any, **hints: Any) -> str:
            return "accounts"

    settings.DATABASE_ROUTERS = [PrimaryRouter(), Elsewhere()]
    assert router.db_for_read(User) == router.db_for_write(User) == "accounts"
