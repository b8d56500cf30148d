from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ...models import Connection
from ...models.primary import PrimaryModel

#: Every token begins with it, so that it is recognised where it must not be: in a log, in a report.
PREFIX = "azscim_"
#: Two tokens at a time, so that a rotation loses no request.
MAX_TOKENS = 2


class ScimToken(PrimaryModel):
    """A bearer token with which a directory reports to one connection. Only its hash is stored."""

    connection = models.ForeignKey(
        Connection, models.CASCADE, related_name="scim_tokens", verbose_name=_("connection")
    )
    #: SHA-256 of the token, in hexadecimal.
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    #: The characters after the prefix.
    hint = models.CharField(_("hint"), max_length=8, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    created_by_name = models.CharField(_("created by"), max_length=254, blank=True, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    #: Written at most once an hour.
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    #: The smallest number of days before its end at which a notice was sent.
    last_notice_days = models.SmallIntegerField(null=True, editable=False)

    class Meta:
        verbose_name = _("SCIM token")
        verbose_name_plural = _("SCIM tokens")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{PREFIX}{self.hint}…"

    def is_expired(self, now: datetime | None = None) -> bool:
        return self.expires_at is not None and self.expires_at <= (now or timezone.now())
