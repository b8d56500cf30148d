from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ...models.primary import PrimaryForeignKey, PrimaryManager, PrimaryModel
from .client import OAuthClient


class ClientConsents(PrimaryManager["ClientConsent"]):
    def covers(self, client: OAuthClient, user: Any, scopes: Iterable[str]) -> bool:
        """Return whether a person has let a client know all this. One query."""
        given = self.filter(client=client, user=user).first()
        return given is not None and given.scopes.issuperset(scopes)

    def give(self, client: OAuthClient, user: Any, scopes: Iterable[str]) -> None:
        """Store that a person lets a client know this, too."""
        given, _created = self.get_or_create(client=client, user=user)
        given.scope = " ".join(sorted(given.scopes.union(scopes)))
        given.save(update_fields=["scope", "updated_at"])


class ClientConsent(PrimaryModel):
    """What a person has let a client of somebody else know about them."""

    client = models.ForeignKey(OAuthClient, models.CASCADE, related_name="+")
    user = PrimaryForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    scope = models.TextField(blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ClientConsents()

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.UniqueConstraint(
                fields=["client", "user"], name="azuread_provider_consent_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} → {self.client}"

    @property
    def scopes(self) -> frozenset[str]:
        return frozenset(self.scope.split())
