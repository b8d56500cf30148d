from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, router, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from .connection import Connection
from .grant import GroupGrant
from .primary import PrimaryForeignKey, PrimaryModel, PrimaryQuerySet
from .refusals import group_or_role
from .validators import GUID_PATTERN, validate_app_role, validate_plain_text


class GroupMappings(PrimaryQuerySet["GroupMapping"]):
    """Mappings. Deleting them ends the memberships that they gave."""

    def delete(self) -> tuple[int, dict[str, int]]:
        self._for_write = True
        with transaction.atomic(using=self.db):
            connections = set(self.order_by().values_list("connection", flat=True))
            deleted = super().delete()
            for connection in connections:
                _end_unmapped(connection, self.db)
        return deleted

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


class GroupMapping(PrimaryModel):
    """What members of a directory's group, or people with an app role, get here: a Django group,
    admission, or both.

    A mapping has either ``directory_group_id`` or ``role``; the other is "".
    """

    connection = models.ForeignKey(
        Connection, models.CASCADE, related_name="group_mappings", verbose_name=_("connection")
    )
    directory_group_id = models.CharField(
        _("directory group's object ID"),
        max_length=36,
        blank=True,
        validators=[
            RegexValidator(
                GUID_PATTERN,
                _("Enter the group's “Object ID” from the Microsoft Entra admin center."),
            )
        ],
    )
    #: Microsoft allows a role's value 120 characters. Compared exactly, upper and lower case.
    role = models.CharField(
        _("app role"),
        max_length=120,
        blank=True,
        default="",
        db_default="",  # workers of the release before do not know the column
        validators=[validate_app_role],
        help_text=_("The role's “Value” in the app registration, instead of a group."),
    )
    label = models.CharField(
        _("name"),
        max_length=100,
        blank=True,
        validators=[validate_plain_text],
        help_text=_("A name for your own use."),
    )
    group = PrimaryForeignKey(
        Group,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="azuread_mappings",
        verbose_name=_("Django group"),
        help_text=_(
            "At sign-in, members of the directory's group, or people who have the role, are added; "
            "others are removed."
        ),
    )
    admits = models.BooleanField(
        _("members may sign in"),
        default=False,
        help_text=_(
            "If ticked in any row, only people who have one of the ticked groups or roles may sign "
            "in."
        ),
    )

    objects = GroupMappings.as_manager()

    class Meta:
        verbose_name = _("group mapping")
        verbose_name_plural = _("group mappings")
        ordering = ["label", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "directory_group_id", "role", "group"],
                name="azuread_mapping_unique",
            )
        ]

    def __str__(self) -> str:
        return self.label or self.role or self.directory_group_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store it. If its Django group changes, the memberships that it gave before end."""
        alias = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        is_new = self._state.adding
        with transaction.atomic(using=alias):
            super().save(*args, **kwargs)
            if not is_new:
                _end_unmapped(self.connection_id, alias)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        alias = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=alias):
            deleted = super().delete(*args, **kwargs)
            _end_unmapped(self.connection_id, alias)
        return deleted

    def clean(self) -> None:
        super().clean()
        self.directory_group_id = self.directory_group_id.lower()
        if not self.directory_group_id and not self.role:
            raise ValidationError({"directory_group_id": group_or_role()})
        if self.directory_group_id and self.role:
            raise ValidationError({"role": group_or_role()})

    @property
    def is_role(self) -> bool:
        return bool(self.role)

    @property
    def applies(self) -> bool:
        """Whether the connection reads what it is about: groups, or app roles."""
        return self.connection.app_roles if self.is_role else self.connection.security_groups


def role_that_differs_by_case(pairs: Iterable[tuple[str, Any]]) -> str:
    """Return a role that is mapped to the same Django group in two cases, or "".

    MariaDB's unique index takes the two for one. ``pairs``: role and Django group of each mapping;
    "" or None for none.
    """
    known: dict[tuple[str, Any], str] = {}
    for role, group in pairs:
        if role and group is not None and known.setdefault((role.lower(), group), role) != role:
            return role
    return ""


def _end_unmapped(connection: int, using: str) -> None:
    """End the memberships that a connection's mappings gave and that no mapping gives any more.

    The connection no longer manages such a group, so no sign-in would take people out of it.
    """
    mapped = GroupMapping._default_manager.filter(
        connection=OuterRef("connection"), group=OuterRef("group")
    )
    GroupGrant.objects.using(using).filter(~Exists(mapped), connection=connection).end()
