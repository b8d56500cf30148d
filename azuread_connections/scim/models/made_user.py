from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ...models import Connection, Identity
from ...models.primary import PrimaryForeignKey, PrimaryModel


class MadeUser(PrimaryModel):
    """Notes that a sign-in by a connection has made a person's user, for a directory that reports
    the person later: only such a user is ever deactivated by it.

    Without constraints in the database, so that a worker of the previous release, which does not
    know the table, can delete what it refers to.
    """

    identity = models.OneToOneField(Identity, models.CASCADE, related_name="+", db_constraint=False)
    #: To be compared: an administrator can tie the identity to another user.
    user = PrimaryForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    connection = models.ForeignKey(
        Connection, models.CASCADE, related_name="+", db_constraint=False
    )

    class Meta:
        verbose_name = _("user created at a sign-in")
        verbose_name_plural = _("users created at a sign-in")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.user_id)
