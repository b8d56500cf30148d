from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from .connection import Connection
from .primary import PrimaryForeignKey, PrimaryModel, PrimaryQuerySet

#: Grants ended per statement: databases limit the number of parameters.
_BATCH = 500


class GroupGrants(PrimaryQuerySet["GroupGrant"]):
    """Grants. Ending them takes users out of the groups that they gave."""

    def end(self) -> None:
        """Delete these grants, and take their users out of the groups that no other grant gives.

        A group that a user had before any mapping gave it has no grant, so it stays.
        """
        self._for_write = True
        ended = self.order_by("pk").values_list("pk", "identity__user", "group")
        with transaction.atomic(using=self.db):
            while batch := list(ended[:_BATCH]):
                self._alike(pk__in=[key for key, _user, _group in batch]).delete()
                users: defaultdict[int, set[Any]] = defaultdict(set)
                for _key, user, group in batch:
                    users[group].add(user)
                groups = Group._default_manager.using(self.db).in_bulk(list(users))
                for key, found in groups.items():
                    self._take_out(found, users[key])

    end.alters_data = True  # type: ignore[attr-defined]

    def _take_out(self, group: Group, users: set[Any]) -> None:
        others = self._alike(group=group, identity__user__in=users)
        losing = users - set(others.values_list("identity__user", flat=True))
        user_model: Any = get_user_model()
        if not losing or not hasattr(user_model, "groups"):
            return
        if accessor := user_model._meta.get_field("groups").remote_field.get_accessor_name():
            # All users at once; m2m_changed is sent.
            getattr(group, accessor).remove(*losing)
            return
        for user in user_model._default_manager.using(self.db).filter(pk__in=losing):
            user.groups.remove(group)

    def _alike(self, **conditions: Any) -> models.QuerySet[GroupGrant]:
        return type(self)(self.model, using=self.db).filter(**conditions)


class GroupGrant(PrimaryModel):
    """A Django group that a connection's mappings gave to a person's user, until the tie ends.

    Written when a sign-in adds the user to the group. A group that the user already had has no
    grant, unless another mapping gave it.
    """

    identity = models.ForeignKey(
        "azuread_connections.Identity", models.CASCADE, related_name="group_grants"
    )
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="group_grants")
    group = PrimaryForeignKey(Group, models.CASCADE, related_name="+")

    objects = GroupGrants.as_manager()

    class Meta:
        verbose_name = _("group given by a mapping")
        verbose_name_plural = _("groups given by mappings")
        constraints = [
            models.UniqueConstraint(
                fields=["identity", "connection", "group"], name="azuread_group_grant_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.identity}: {self.group}"
