from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from .connection import Connection
from .validators import validate_plain_text

#: "Last seen" is written at most so often, so that a sign-in rarely costs a write.
SEEN_WRITTEN_EVERY = timedelta(hours=1)


class Directory(models.Model):
    """One Azure AD directory that a connection knows, what became of it, and what it granted."""

    class Status(models.TextChoices):
        ALLOWED = "allowed", _("allowed")
        WAITING = "waiting", _("waiting for approval")
        REFUSED = "refused", _("refused")

    connection = models.ForeignKey(
        Connection, models.CASCADE, related_name="directories", verbose_name=_("connection")
    )
    tenant_id = models.CharField(_("directory ID"), max_length=36)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.ALLOWED
    )
    domain = models.CharField(
        _("domain"),
        max_length=253,
        blank=True,
        validators=[validate_plain_text],
        help_text=_("As its first visitor's name said. Anybody can choose a name: check it."),
    )
    first_seen_at = models.DateTimeField(_("first seen"), auto_now_add=True)
    last_seen_at = models.DateTimeField(_("last seen"), null=True, editable=False)
    #: Granted by people or the directory's administrator, as the token endpoint told.
    delegated_scopes = models.TextField(_("delegated permissions"), blank=True, editable=False)
    delegated_since = models.DateTimeField(null=True, editable=False)
    #: Proven by a Graph call that succeeded.
    application_permissions = models.TextField(
        _("application permissions"), blank=True, editable=False
    )
    application_since = models.DateTimeField(null=True, editable=False)
    #: A return from the consent page is only a claim.
    consent_returned_at = models.DateTimeField(_("consent page"), null=True, editable=False)
    consent_asked_by = models.CharField(_("asked by"), max_length=254, blank=True, editable=False)

    class Meta:
        verbose_name = _("directory")
        verbose_name_plural = _("directories")
        ordering = ["-first_seen_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "tenant_id"], name="azuread_directory_unique"
            )
        ]
        indexes = [models.Index(fields=["status"], name="azuread_directory_status")]

    def __str__(self) -> str:
        return f"{self.domain} ({self.tenant_id})" if self.domain else self.tenant_id

    def is_seen_lately(self, now: datetime) -> bool:
        return self.last_seen_at is not None and self.last_seen_at > now - SEEN_WRITTEN_EVERY
