from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from .application import Application
from .validators import (
    DOMAIN_MAX_LENGTH,
    NAME_MAX_LENGTH,
    clean_domain,
    validate_client_id,
    validate_connection_name,
    validate_domain,
    validate_logo_url,
)


class Connection(models.Model):
    """One trust with Azure AD. An application uses it only where it is enabled for it."""

    class Cloud(models.TextChoices):
        GLOBAL = "global", _("Global")
        US_GOVERNMENT = "usgov", _("US Government (GCC High)")
        US_DOD = "dod", _("US Government (DoD)")
        CHINA = "china", _("China (21Vianet)")

    class IdentityAPI(models.TextChoices):
        V2 = "v2.0", _("Microsoft identity platform (v2.0)")
        V1 = "v1.0", _("Azure Active Directory (v1.0)")

    class SyncProfile(models.TextChoices):
        EACH_LOGIN = "each_login", _("At each login")
        FIRST_LOGIN = "first_login", _("At the first login only")
        NEVER = "never", _("Never")

    name = models.CharField(
        _("connection name"), max_length=NAME_MAX_LENGTH, validators=[validate_connection_name]
    )
    # MariaDB has no expression constraints, so case-insensitive uniqueness needs a column.
    name_key = models.CharField(max_length=NAME_MAX_LENGTH, unique=True, editable=False)
    display_name = models.CharField(_("display name"), max_length=128, blank=True)
    logo_url = models.CharField(
        _("logo URL"), max_length=500, blank=True, validators=[validate_logo_url]
    )
    domain = models.CharField(
        _("Microsoft Azure AD Domain"), max_length=DOMAIN_MAX_LENGTH, validators=[validate_domain]
    )
    tenant_id = models.CharField(_("directory ID"), max_length=36, blank=True, editable=False)
    client_id = models.CharField(_("client ID"), max_length=36, validators=[validate_client_id])
    cloud = models.CharField(
        _("cloud"), max_length=10, choices=Cloud.choices, default=Cloud.GLOBAL, editable=False
    )
    identity_api = models.CharField(
        _("identity API"), max_length=4, choices=IdentityAPI.choices, default=IdentityAPI.V2
    )
    sync_profile = models.CharField(
        _("sync user profile attributes at each login"),
        max_length=11,
        choices=SyncProfile.choices,
        default=SyncProfile.EACH_LOGIN,
    )
    show_as_button = models.BooleanField(_("show as button"), default=True)
    applications = models.ManyToManyField(
        Application,
        through="EnabledConnection",
        related_name="connections",
        verbose_name=_("applications"),
        blank=True,
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        ordering = ["name_key"]
        permissions = [("manage_secret", _("Can add and remove client secrets"))]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.name_key = self.name.lower()
        super().save(*args, **kwargs)

    @property
    def label(self) -> str:
        """What the button calls it: "Continue with {label}"."""
        return self.display_name or self.name

    @property
    def directory(self) -> str:
        """The tenant segment of this connection's endpoints: the pinned GUID, else the domain."""
        return self.tenant_id or self.domain

    def pin(self, tenant_id: str) -> None:
        """Store the directory of a connection that has none yet; a pin is never moved by this."""
        unpinned = type(self)._default_manager.filter(pk=self.pk, tenant_id="")
        unpinned.update(tenant_id=tenant_id)
        self.refresh_from_db(fields=["tenant_id"])

    def clean_fields(self, exclude: Any = None) -> None:
        """Validate, and bring what may be written in several ways into its stored form."""
        super().clean_fields(exclude=exclude)
        excluded = exclude or ()
        if "client_id" not in excluded:
            self.client_id = self.client_id.lower()
        if "domain" not in excluded:
            self.domain = clean_domain(self.domain)

    def clean(self) -> None:
        super().clean()
        self.name_key = self.name.lower()
        connections = type(self)._default_manager
        if not self._state.adding:
            stored_name = str(connections.values_list("name", flat=True).get(pk=self.pk))
            if self.name != stored_name:
                raise ValidationError({"name": name_is_fixed(stored_name)})
        elif connections.filter(name_key=self.name_key).exists():
            raise ValidationError({"name": name_is_taken(self.name)})


def name_is_fixed(name: str) -> ValidationError:
    return ValidationError(
        _("The name is part of addresses and cannot be changed. It stays “%(name)s”."),
        code="name_fixed",
        params={"name": name},
    )


def name_is_taken(name: str) -> ValidationError:
    return ValidationError(
        _("There is a connection called “%(name)s” already (upper and lower case do not differ)."),
        code="name_taken",
        params={"name": name},
    )


class EnabledConnection(models.Model):
    """The pair that lets people of a connection sign in to an application."""

    application = models.ForeignKey(Application, models.CASCADE, verbose_name=_("application"))
    connection = models.ForeignKey(Connection, models.CASCADE, verbose_name=_("connection"))

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
