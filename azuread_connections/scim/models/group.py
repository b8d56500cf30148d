from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ...models import Connection
from ...models.primary import PrimaryModel
from .keys import LENGTH
from .person import ProvisionedPerson, new_id


class ProvisionedGroup(PrimaryModel):
    """A group as a connection's directory reports it: a SCIM resource of type Group."""

    connection = models.ForeignKey(
        Connection, models.CASCADE, related_name="provisioned_groups", verbose_name=_("connection")
    )
    scim_id = models.CharField(max_length=36, unique=True, default=new_id, editable=False)
    external_id = models.CharField(_("object ID"), max_length=254, null=True)  # noqa: DJ001
    external_id_key = models.CharField(max_length=LENGTH, null=True, editable=False)  # noqa: DJ001
    display_name = models.CharField(_("display name"), max_length=254)
    display_name_key = models.CharField(max_length=LENGTH, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("provisioned group")
        verbose_name_plural = _("provisioned groups")
        ordering = ["pk"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "external_id_key"], name="azuread_scim_group_external"
            ),
        ]
        indexes = [
            models.Index(fields=["connection", "display_name_key"], name="azuread_scim_group_name")
        ]

    def __str__(self) -> str:
        return self.display_name


class GroupMember(PrimaryModel):
    """A member of a group. A person who is not known yet is kept by ID until they arrive."""

    group = models.ForeignKey(ProvisionedGroup, models.CASCADE, related_name="members")
    #: The resource's ``id`` that the directory sent.
    value = models.CharField(max_length=254)
    person = models.ForeignKey(
        ProvisionedPerson, models.SET_NULL, null=True, related_name="memberships"
    )

    class Meta:
        verbose_name = _("member of a provisioned group")
        verbose_name_plural = _("members of a provisioned group")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["group", "value"], name="azuread_scim_member_unique")
        ]
        indexes = [models.Index(fields=["value"], name="azuread_scim_member_value")]

    def __str__(self) -> str:
        return self.value
