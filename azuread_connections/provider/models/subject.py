from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ...models.primary import PrimaryModel


class Auth0Subject(PrimaryModel):
    """Whom ``waad|<object ID>`` means. The row stays when the identity goes: the name is never
    given to another person."""

    object_id = models.CharField(_("object ID"), max_length=36, unique=True)
    #: The person's ``sub`` at all other clients.
    subject = models.CharField(_("subject"), max_length=64)
    created_at = models.DateTimeField(_("first used"), auto_now_add=True)

    class Meta:
        verbose_name = _("Auth0 user ID")
        verbose_name_plural = _("Auth0 user IDs")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"waad|{self.object_id}"
