from __future__ import annotations

from typing import Any

from django.db import models, router
from django.utils.translation import gettext_lazy as _

from ..conf import conf


class Application(models.Model):
    """Something users sign in *to*: this site, or one section of it."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    slug = models.SlugField(
        _("slug"),
        unique=True,
        help_text=_("Names the application in addresses and settings, such as “portal”."),
    )
    description = models.CharField(_("description"), max_length=140, blank=True)
    hosts = models.JSONField(
        _("hosts"),
        default=list,
        blank=True,
        help_text=_(
            "Further hosts of this site on which this application lives, one a line, such as "
            "portal.example.com. Each has a callback URL of its own to register in Azure."
        ),
    )
    external_id = models.CharField(
        _("external ID"),
        max_length=128,
        blank=True,
        db_index=True,
        help_text=_("The application's client ID at Auth0, where it was moved from there."),
    )

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


def create_default_application(using: str, **kwargs: Any) -> None:
    """Create "Default App" where there is none (``post_migrate``: it survives test flushes)."""
    if not router.allow_migrate_model(using, Application):
        return
    applications = Application._default_manager.using(using)
    if not applications.exists():
        applications.create(name="Default App", slug=conf.default_application)
