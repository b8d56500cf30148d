"""Follows what happens to the identities and users of provisioned people outside provisioning, and
to their connections. Receivers of signals: see ``apps``."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import router
from django.db.models import Model

from ..models import Connection, Identity
from ..models.identity import identity_cloud
from ..models.prepared import Parameter, Select
from ..models.prepared_writes import Insert
from .models import MadeUser, ProvisionedGroup, ProvisionedPerson, ScimToken
from .models.keys import external_key

_BY_OBJECT_ID = Select(
    lambda: ProvisionedPerson._default_manager.filter(
        external_id_key=Parameter("external_id_key"),
        connection__tenant_id=Parameter("tenant_id"),
        deleted_at=None,
    ).order_by(),
    models={"person": ""},
)
_MADE_USER = Insert(MadeUser)
#: The object ID of a person whom a directory reports now, and whom no directory has reported yet.
_reported_first: ContextVar[str] = ContextVar("reported_first", default="")


@contextmanager
def reported_first(object_id: str) -> Iterator[None]:
    """Look for no row of a person in the block: there is none yet. "": of nobody."""
    token = _reported_first.set(object_id)
    try:
        yield
    finally:
        _reported_first.reset(token)


def follow_identity(instance: Identity, created: bool, **kwargs: Any) -> None:
    """Tie a person who was provisioned without a user to the identity of their first sign-in.

    A receiver of ``post_save``.
    """
    if created and not _is_reported_first(instance) and _is_known(instance):
        people = _people_of(instance)
        # Before: MariaDB would compare with the new user. What is noted is about a former one.
        people.exclude(user=instance.user_id).update(made_user=False, deactivated_user=False)
        people.update(identity=instance, user=instance.user_id)


def note_created_user(
    sender: Any, user: Any, identity: Identity, connection: Connection, **kwargs: Any
) -> None:
    """Note that a connection has made a person's user. A receiver of ``user_created``."""
    if _is_reported_first(identity):
        return  # their row is written with it
    if _is_known(identity):
        people = _people_of(identity).filter(connection=connection)
        if people.update(made_user=True):
            return
    made = MadeUser(identity=identity, user_id=user.pk, connection=connection)
    _MADE_USER.store(made, router.db_for_write(MadeUser))


def user_models() -> list[type[Model]]:
    """Return the user model and its proxies, each of which sends signals of its own."""
    concrete = get_user_model()._meta.concrete_model
    return [model for model in apps.get_models() if model._meta.concrete_model is concrete]


def note_activated_user(
    sender: Any,
    instance: Any,
    created: bool,
    raw: bool = False,
    update_fields: Collection[str] | None = None,
    **kwargs: Any,
) -> None:
    """Forget that a directory has deactivated a user whom somebody has activated since. A receiver
    of ``post_save`` of the ``user_models``.

    If an administrator deactivates the user later, the directory does not undo that. And a person
    whom the directory has deleted does not get the user back, who may be another person's now.
    """
    is_about_it = update_fields is None or "is_active" in update_fields
    if created or raw or not is_about_it or not getattr(instance, "is_active", False):
        return
    people = ProvisionedPerson._default_manager.using(router.db_for_write(ProvisionedPerson))
    deactivated = people.filter(user=instance.pk, deactivated_user=True)
    if deactivated.exists():
        deleted = deactivated.filter(deleted_at__isnull=False)
        deleted.update(user=None, made_user=False, deactivated_user=False)
        deactivated.update(deactivated_user=False)


def forget_former_directory(
    sender: type[Connection], connection: Connection, former: str, **kwargs: Any
) -> None:
    """Delete what the former directory has reported after a connection is pinned to another one.

    Its tokens too: the former directory goes on sending, and would report its people as those of
    the new one. A receiver of ``directory_pinned``. Users and identities stay; sessions and mapped
    groups end by ``login.users.directories``.
    """
    if former:
        for model in (ScimToken, ProvisionedGroup, ProvisionedPerson, MadeUser):
            model._default_manager.filter(connection=connection).delete()


def _is_reported_first(identity: Identity) -> bool:
    return identity.object_id == _reported_first.get()


def _is_known(identity: Identity) -> bool:
    """Return whether any directory has reported a person, of whatever cloud. Usually none has, and
    this takes less than an UPDATE of nothing."""
    rows = _BY_OBJECT_ID.rows(
        router.db_for_write(ProvisionedPerson),
        external_id_key=external_key(identity.object_id),
        tenant_id=identity.tenant_id,
    )
    return any(rows)


def _people_of(identity: Identity) -> Any:
    people = ProvisionedPerson._default_manager.using(router.db_for_write(ProvisionedPerson))
    # By cloud in Python: clouds that share a login host share their identities.
    clouds = [cloud for cloud in Connection.Cloud if identity_cloud(cloud) == identity.cloud]
    return people.filter(
        external_id_key=external_key(identity.object_id),
        connection__tenant_id=identity.tenant_id,
        connection__cloud__in=clouds,
        deleted_at=None,
    )
