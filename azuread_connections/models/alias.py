from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from .connection import Connection
from .validators import DOMAIN_MAX_LENGTH, refuse_consumer_domain, validate_alias


class DomainAlias(models.Model):
    """An email domain that leads to a connection (home realm discovery).

    The connection's own domain has its row too, unless the connection leaves it out.
    """

    connection = models.ForeignKey(
        Connection, models.CASCADE, related_name="aliases", verbose_name=_("connection")
    )
    domain = models.CharField(
        _("domain"), max_length=DOMAIN_MAX_LENGTH, db_index=True, validators=[validate_alias]
    )
    is_primary = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("domain alias")
        verbose_name_plural = _("domain aliases")
        ordering = ["-is_primary", "domain"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "domain"], name="azuread_alias_unique")
        ]

    def __str__(self) -> str:
        return self.domain

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store it. Raises ``ValidationError`` for a domain whose addresses anybody can have."""
        if "domain" in (kwargs.get("update_fields") or ("domain",)):
            refuse_consumer_domain(self.domain)
        super().save(*args, **kwargs)
