from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .connection import Connection


class Identity(models.Model):
    """A person in a directory, tied to one Django user. The key never changes and is never reused.

    https://learn.microsoft.com/entra/identity-platform/claims-validation: ``(tid, oid)``.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="azuread_identities",
        verbose_name=_("user"),
    )
    cloud = models.CharField(_("cloud"), max_length=10, choices=Connection.Cloud.choices)
    tenant_id = models.CharField(_("directory ID"), max_length=36)
    object_id = models.CharField(_("object ID"), max_length=36)
    connection = models.ForeignKey(
        Connection,
        models.SET_NULL,
        null=True,
        related_name="identities",
        verbose_name=_("last connection"),
        db_index=False,
    )
    login_name = models.CharField(_("login name"), max_length=254, blank=True)
    profile = models.JSONField(_("profile"), default=dict)
    groups = models.JSONField(_("groups"), default=list)
    created_at = models.DateTimeField(_("first sign-in"), auto_now_add=True)
    last_sign_in_at = models.DateTimeField(_("last sign-in"), null=True)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["cloud", "tenant_id", "object_id"], name="azuread_identity_unique"
            )
        ]
        # None at its field, as for the log.
        indexes = [
            models.Index(fields=["login_name"], name="azuread_identity_login_name"),
            models.Index(fields=["connection", "last_sign_in_at"], name="azuread_identity_last"),
        ]

    def __str__(self) -> str:
        return self.login_name or f"{self.object_id} in {self.tenant_id}"
