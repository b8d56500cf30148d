"""Models that are read from the database to which they are written.

A site's database router can send reads to a replica, which is behind the primary by moments, or by
hours while it is out of order. A sign-in must not be decided by what a replica does not know yet:
that a connection was switched off, a session revoked, a link redeemed.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import models, router
from django.db.models.fields.related_descriptors import (
    ForwardManyToOneDescriptor,
    ForwardOneToOneDescriptor,
)

ModelT_co = TypeVar("ModelT_co", bound=models.Model, covariant=True)
_SetT = TypeVar("_SetT")
_GetT = TypeVar("_GetT")


class PrimaryQuerySet(models.QuerySet[ModelT_co]):
    """A queryset that reads where it writes, unless ``using`` names a database."""

    _db: str | None
    _hints: dict[str, Any]

    @property
    def db(self) -> str:
        return self._db or router.db_for_write(self.model, **self._hints)


class PrimaryManager(models.Manager[ModelT_co]):
    """The manager of models that have no queryset of their own."""

    _hints: dict[str, Any]

    def get_queryset(self) -> PrimaryQuerySet[ModelT_co]:
        return PrimaryQuerySet(self.model, using=self._db, hints=self._hints)

    @property
    def db(self) -> str:
        return self._db or router.db_for_write(self.model, **self._hints)


class PrimaryModel(models.Model):
    """The base of this app's models. A model's own manager is ``objects``, and its queryset a
    ``PrimaryQuerySet``.

    Django uses ``objects`` also to follow a foreign key to the model, and to read a row again.
    """

    # Any: a type checker would not let a model have a manager with methods of its own.
    objects: Any = PrimaryManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"


class _FollowedOnPrimary:
    """Looks the other row up in the database to which its model is written."""

    def get_queryset(self, *args: Any, **kwargs: Any) -> Any:
        rows = super().get_queryset(*args, **kwargs)  # type: ignore[misc]
        return rows.using(router.db_for_write(rows.model))


class _ManyToOne(_FollowedOnPrimary, ForwardManyToOneDescriptor):
    pass


class _OneToOne(_FollowedOnPrimary, ForwardOneToOneDescriptor):
    pass


class PrimaryForeignKey(models.ForeignKey[_SetT, _GetT]):
    """A foreign key to a model of Django's or the site's, such as the user's.

    A key to a model of this app's needs none of it: see ``PrimaryModel``.
    """

    forward_related_accessor_class = _ManyToOne

    def deconstruct(self) -> Any:
        # In a migration it is a foreign key as any other.
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, kwargs


class PrimaryOneToOneField(models.OneToOneField[_SetT, _GetT]):
    """The same for a one-to-one relation."""

    forward_related_accessor_class = _OneToOne

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.OneToOneField", args, kwargs


def read_primary(model: type[models.Model]) -> models.QuerySet[Any]:
    """Return the rows of a model of Django's or the site's, such as users, from the database to
    which they are written."""
    return model._default_manager.using(router.db_for_write(model))
