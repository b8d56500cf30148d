from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ...models.fields import EncryptedTextField
from ...models.primary import PrimaryModel, PrimaryQuerySet


class SigningKeys(PrimaryQuerySet["SigningKey"]):
    def published(self, now: datetime) -> SigningKeys:
        """Those that clients have to know: next, current, and retired with tokens still valid."""
        return self.filter(Q(retires_at__isnull=True) | Q(retires_at__gt=now))


class SigningKey(PrimaryModel):
    """A key that signs tokens for clients.

    It signs from ``activates_at`` until a later one does, and is published until ``retires_at``.
    """

    class Algorithm(models.TextChoices):
        RS256 = "RS256", "RS256"

    kid = models.CharField(_("key ID"), max_length=64, unique=True)
    algorithm = models.CharField(
        _("algorithm"), max_length=10, choices=Algorithm.choices, default=Algorithm.RS256
    )
    #: PEM (PKCS #8).
    private_key = EncryptedTextField(_("private key"))
    #: JSON Web Key (RFC 7517).
    public_key = models.JSONField(_("public key"))
    activates_at = models.DateTimeField(_("signs from"))
    retires_at = models.DateTimeField(_("published until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = SigningKeys.as_manager()

    class Meta:
        verbose_name = _("signing key")
        verbose_name_plural = _("signing keys")
        ordering = ["-activates_at", "-pk"]

    def __str__(self) -> str:
        return self.kid
