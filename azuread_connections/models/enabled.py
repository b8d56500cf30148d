from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .application import Application
from .connection import Connection
from .primary import PrimaryManager, PrimaryModel


class EnabledConnection(PrimaryModel):
    """The pair that lets people of a connection sign in to an application."""

    application = models.ForeignKey(Application, models.CASCADE, verbose_name=_("application"))
    connection = models.ForeignKey(Connection, models.CASCADE, verbose_name=_("connection"))

    objects = PrimaryManager["EnabledConnection"]()

    class Meta:
        verbose_name = _("enabled connection")
        verbose_name_plural = _("enabled connections")
        constraints = [
            models.UniqueConstraint(
                fields=["application", "connection"], name="azuread_enabled_connection_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.connection} → {self.application}"
