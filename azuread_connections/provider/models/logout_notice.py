from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ...models.primary import PrimaryModel
from .client import OAuthClient


class LogoutNotice(PrimaryModel):
    """A client that has still to be told that a person's sign-in has ended.

    Written in the transaction that ends it, and deleted once the client has confirmed it. It names
    the person by text: their rows may be gone by then.
    """

    client = models.ForeignKey(OAuthClient, models.CASCADE, related_name="+")
    subject = models.CharField(max_length=255)
    session_id = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    #: When it is sent next. In the future while somebody is sending it.
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("logout notice")
        verbose_name_plural = _("logout notices")
        ordering = ["due_at", "pk"]
        constraints = [
            # However many tokens the client had for the sign-in.
            models.UniqueConstraint(
                fields=["client", "session_id"], name="azuread_provider_notice_unique"
            )
        ]
        indexes = [models.Index(fields=["due_at"], name="azuread_provider_notice_due")]

    def __str__(self) -> str:
        return f"{self.client} {self.session_id}"
