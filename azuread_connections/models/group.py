from __future__ import annotations

from django.contrib.auth.models import Group
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from .connection import Connection
from .validators import GUID_PATTERN, validate_plain_text


class GroupMapping(models.Model):
    """What membership in a directory's group means here: a Django group, admission, or both."""

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
        help_text=_("For you to know it by."),
    )
    group = models.ForeignKey(
        Group,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="azuread_mappings",
        verbose_name=_("Django group"),
        help_text=_("Members of the directory's group are put into it, others taken out."),
    )
    admits = models.BooleanField(
        _("members may sign in"),
        default=False,
        help_text=_("Once ticked anywhere, only members of groups so ticked may sign in."),
    )

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

    def clean(self) -> None:
        super().clean()
        self.directory_group_id = self.directory_group_id.lower()
