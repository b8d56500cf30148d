"""A database router for a site that reads from replicas."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import router

#: This app's, by name, because a migration has models of its own; those of Django's and of
#: django-oauth-toolkit whose tables a sign-in or an access token rests on; and that of the cache in
#: a database. Permissions point to content types.
_APPS = frozenset(
    {
        *("azuread_connections", "azuread_provider", "azuread_scim"),
        *("auth", "contenttypes", "django_cache", "oauth2_provider", "sessions"),
    }
)


class PrimaryRouter:
    """Sends reads of the tables on which a sign-in rests to the database where they are written.

    These are this app's, the sessions, the users with their groups and permissions, and the tables
    of django-oauth-toolkit. Put it in front of the routers that choose a replica::

        DATABASE_ROUTERS = [
            "azuread_connections.routers.PrimaryRouter",
            "site.routers.ReplicaRouter",
        ]

    It decides nothing else. In particular, the routers behind it decide where rows are written.
    """

    def db_for_read(self, model: type[Any], **hints: Any) -> str | None:
        return router.db_for_write(model, **hints) if _is_for_sign_in(model) else None


def _is_for_sign_in(model: type[Any]) -> bool:
    # A table between two models belongs to the one that has the field, as User.groups.through.
    owner = getattr(model._meta, "auto_created", None) or model
    return (
        owner._meta.app_label in _APPS
        or issubclass(owner, AbstractBaseSession)
        or owner._meta.label_lower == get_user_model()._meta.label_lower
    )
