from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps as global_apps
from django.apps.registry import Apps
from django.core.exceptions import ValidationError
from django.db import models, router
from django.utils.translation import gettext_lazy as _

from ..conf import conf
from ..hosts import ascii_host
from .destinations import validate_destinations
from .primary import PrimaryManager, PrimaryModel

#: The optional sub-app, in which grant types mean something.
_PROVIDER = "azuread_connections.provider"
#: The grant types by which people sign in; the second is that of RFC 8628.
_SIGN_IN_GRANT_TYPES = frozenset(
    {"authorization_code", "urn:ietf:params:oauth:grant-type:device_code"}
)


def default_grant_types() -> list[str]:
    return list(Application.DEFAULT_GRANT_TYPES[Application.Type.REGULAR_WEB])


class Application(PrimaryModel):
    """Something users sign in *to*: this site, one section of it, or an outside OAuth client."""

    class Type(models.TextChoices):
        NATIVE = "native", _("Native")
        SPA = "spa", _("Single Page Application")
        REGULAR_WEB = "regular_web", _("Regular Web Application")
        MACHINE_TO_MACHINE = "machine_to_machine", _("Machine to Machine")

    class GrantType(models.TextChoices):
        IMPLICIT = "implicit", _("Implicit")
        AUTHORIZATION_CODE = "authorization_code", _("Authorization Code")
        REFRESH_TOKEN = "refresh_token", _("Refresh Token")
        CLIENT_CREDENTIALS = "client_credentials", _("Client Credentials")
        #: RFC 8628. No type has it by default.
        DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code", _("Device Code")

    _FOR_PEOPLE = (GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN)
    #: The default grant types of each type.
    DEFAULT_GRANT_TYPES = {
        Type.NATIVE: _FOR_PEOPLE,
        Type.SPA: _FOR_PEOPLE,
        Type.REGULAR_WEB: (*_FOR_PEOPLE, GrantType.CLIENT_CREDENTIALS),
        Type.MACHINE_TO_MACHINE: (GrantType.CLIENT_CREDENTIALS,),
    }

    name = models.CharField(_("name"), max_length=100, unique=True)
    slug = models.SlugField(
        _("slug"),
        unique=True,
        help_text=_("Names the application in addresses and settings, such as “portal”."),
    )
    description = models.CharField(_("description"), max_length=140, blank=True)
    application_type = models.CharField(
        _("application type"),
        max_length=20,
        choices=Type.choices,
        default=Type.REGULAR_WEB,
        help_text=_("It decides which addresses are valid and whether people can sign in."),
    )
    grant_types = models.JSONField(
        _("grant types"),
        default=default_grant_types,
        blank=True,
        help_text=_(
            "What the application can use as an OAuth client. People can sign in to it only with "
            "“Authorization Code” or “Device Code”."
        ),
    )
    allowed_callback_urls = models.JSONField(
        _("Allowed Callback URLs"),
        default=list,
        blank=True,
        help_text=_(
            "Addresses outside this site to which a sign-in may return, one per line or separated "
            "by commas. Each must match exactly. Paths of this site need no entry."
        ),
    )
    allowed_logout_urls = models.JSONField(
        _("Allowed Logout URLs"),
        default=list,
        blank=True,
        help_text=_(
            "Addresses outside this site where people may be sent after signing out, one per line."
        ),
    )
    allow_password_sessions = models.BooleanField(
        _("allow password sessions"),
        default=False,
        help_text=_(
            "Also let in people who signed in to this site with a password instead of a connection."
        ),
    )
    external_id = models.CharField(
        _("external ID"),
        max_length=128,
        blank=True,
        db_index=True,
        help_text=_("The application's client ID at Auth0, if it was moved from there."),
    )

    objects = PrimaryManager["Application"]()

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean_fields(self, exclude: Any = None) -> None:
        """Validate; which addresses are allowed depends on the application's type."""
        super().clean_fields(exclude=exclude)
        errors = {}
        for name in {"allowed_callback_urls", "allowed_logout_urls"} - set(exclude or ()):
            try:
                validate_destinations(
                    getattr(self, name), app_schemes=self.application_type == self.Type.NATIVE
                )
            except ValidationError as error:
                errors[name] = error
        if errors:
            raise ValidationError(errors)

    @property
    def why_no_sign_in(self) -> str:
        """Why people cannot sign in to this application by a connection; "" if they can."""
        if self.application_type == self.Type.MACHINE_TO_MACHINE:
            return str(_("People cannot sign in to a machine-to-machine application."))
        # Without the sub-app, grant types mean nothing, and no page has boxes for them.
        if global_apps.is_installed(_PROVIDER) and _SIGN_IN_GRANT_TYPES.isdisjoint(
            self.grant_types
        ):
            return str(_("The grant type “Authorization Code” is not ticked."))
        return ""

    @property
    def hosts(self) -> list[str]:
        """The further hosts of this site that serve this application."""
        return [row.host for row in self.host_rows.all()]

    def set_hosts(self, hosts: Iterable[str]) -> None:
        """Replace the application's hosts ("portal.example.com", "localhost:8010").

        They are stored as browsers send them. A name that IDNA cannot encode is only lower-cased.
        """
        wanted = {ascii_host(host) or host.lower() for host in hosts}
        self.host_rows.exclude(host__in=wanted).delete()
        missing = wanted - set(self.host_rows.values_list("host", flat=True))
        self.host_rows.bulk_create(
            ApplicationHost(application=self, host=host) for host in sorted(missing)
        )


class ApplicationHost(PrimaryModel):
    """A host of this site that belongs to one application: a sign-in there is for that one."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="host_rows")
    host = models.CharField(_("host"), max_length=255, unique=True)

    objects = PrimaryManager["ApplicationHost"]()

    class Meta:
        verbose_name = _("host")
        verbose_name_plural = _("hosts")
        ordering = ["host"]

    def __str__(self) -> str:
        return self.host


def create_default_application(using: str, apps: Apps = global_apps, **kwargs: Any) -> None:
    """Create "Default App" if there is no application (``post_migrate``: survives test flushes)."""
    try:
        # The historical model: ``migrate azuread_connections zero`` leaves no table.
        model: Any = apps.get_model("azuread_connections", "Application")
    except LookupError:
        return
    if not router.allow_migrate_model(using, model):
        return
    applications = model._default_manager.using(using)
    if not applications.exists():
        applications.create(name="Default App", slug=conf.default_application)
