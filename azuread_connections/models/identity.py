from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models, router, transaction
from django.utils.translation import gettext_lazy as _

from ..entra.cloud import identity_cloud
from .connection import Connection
from .grant import GroupGrant
from .lookup_index import LookupIndex
from .primary import PrimaryForeignKey, PrimaryModel, PrimaryQuerySet


class Identities(PrimaryQuerySet["Identity"]):
    """Identities. Deleting them ends the memberships that group mappings gave."""

    def delete(self) -> tuple[int, dict[str, int]]:
        self._for_write = True
        with transaction.atomic(using=self.db):
            GroupGrant.objects.using(self.db).filter(identity__in=self.order_by()).end()
            return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


class Identity(PrimaryModel):
    """A person in a directory, tied to one Django user. The key never changes and is never reused.

    https://learn.microsoft.com/entra/identity-platform/claims-validation: ``(tid, oid)``.
    """

    class Cloud(models.TextChoices):
        """Clouds by login host: see ``Connection.identity_cloud``."""

        GLOBAL = "global", _("Global")
        US_GOVERNMENT = "usgov", _("US Government (GCC High and DoD)")
        CHINA = "china", _("China (21Vianet)")

    user = PrimaryForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="azuread_identities",
        verbose_name=_("user"),
        help_text=_(
            "Careful: this person will sign in as the user chosen here, with all of that user's "
            "permissions and data, and no longer as the present user. Make sure that the person "
            "and the user are the same human being."
        ),
    )
    cloud = models.CharField(_("cloud"), max_length=10, choices=Cloud.choices)
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
    #: App roles, of the last connection's app registration.
    roles = models.JSONField(_("app roles"), default=list)
    created_at = models.DateTimeField(_("first sign-in"), auto_now_add=True)
    last_sign_in_at = models.DateTimeField(_("last sign-in"), null=True)

    objects = Identities.as_manager()

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["cloud", "tenant_id", "object_id"], name="azuread_identity_unique"
            )
        ]
        # Not declared on the fields: see ``Event``.
        indexes = [
            LookupIndex(fields=["login_name"], name="azuread_identity_name", ignores_case=True),
            models.Index(fields=["connection", "last_sign_in_at"], name="azuread_identity_last"),
        ]

    def __str__(self) -> str:
        return self.login_name or f"{self.object_id} in {self.tenant_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store it. If it is tied to another user, the former one leaves the mapped groups."""
        self.cloud = identity_cloud(self.cloud)
        names = kwargs.get("update_fields")
        if self._state.adding or (names is not None and "user" not in names):
            super().save(*args, **kwargs)
            return
        alias = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=alias):
            stored = type(self)._default_manager.using(alias).filter(pk=self.pk)
            if stored.exclude(user=self.user_id).exists():
                GroupGrant.objects.using(alias).filter(identity=self.pk).end()
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        alias = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=alias):
            GroupGrant.objects.using(alias).filter(identity=self.pk).end()
            return super().delete(*args, **kwargs)
