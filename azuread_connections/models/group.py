from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.core.validators import RegexValidator
from django.db import models, router, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from .connection import Connection
from .grant import GroupGrant
from .validators import GUID_PATTERN, validate_plain_text


class GroupMappings(models.QuerySet["GroupMapping"]):
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


class GroupMapping(models.Model):
    """What members of a directory's group get here: a Django group, admission, or both."""

    connection = models.ForeignKey(
        Connection, models.CASCADE, related_name="group_mappings", verbose_name=_("connection")
    )
    directory_group_id = models.CharField(
        _("directory group's object ID"),
        max_length=36,
        validators=[
            RegexValidator(
                GUID_PATTERN,
                _("Enter the group's “Object ID” from the Microsoft Entra admin center."),
            )
        ],
    )
    label = models.CharField(
        _("name"),
        max_length=100,
        blank=True,
        validators=[validate_plain_text],
        help_text=_("A name for your own use."),
    )
    group = models.ForeignKey(
        Group,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="azuread_mappings",
        verbose_name=_("Django group"),
        help_text=_("At sign-in, members of the directory's group are added; others are removed."),
    )
    admits = models.BooleanField(
        _("members may sign in"),
        default=False,
        help_text=_("If ticked for any group, only members of the ticked groups may sign in."),
    )

    objects = GroupMappings.as_manager()

    class Meta:
        verbose_name = _("group mapping")
        verbose_name_plural = _("group mappings")
        ordering = ["label", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "directory_group_id", "group"],
                name="azuread_group_mapping_unique",
            )
        ]

    def __str__(self) -> str:
        return self.label or self.directory_group_id

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


def _end_unmapped(connection: int, using: str) -> None:
    """End the memberships that a connection's mappings gave and that no mapping gives any more.

    The connection no longer manages such a group, so no sign-in would take people out of it.
    """
    mapped = GroupMapping._default_manager.filter(
        connection=OuterRef("connection"), group=OuterRef("group")
    )
    GroupGrant.objects.using(using).filter(~Exists(mapped), connection=connection).end()
