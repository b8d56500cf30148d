from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .application import Application
from .connection import Connection
from .primary import PrimaryForeignKey, PrimaryManager, PrimaryModel

#: How long a session begun with a link lasts.
SESSION_LIFETIME = timedelta(hours=5)


class SetupLink(PrimaryModel):
    """An address with which a customer's administrator sets up one connection without an account.

    The address has a token of 256 random bits, of which only a hash is stored.
    """

    class Purpose(models.TextChoices):
        SETUP = "setup", _("set up")
        RENEW = "renew", _("add a credential")

    class Domains(models.TextChoices):
        OPTIONAL = "optional", _("optional")
        REQUIRED = "required", _("required")

    class State(models.TextChoices):
        """What has become of a link; never stored, see ``SetupLink.state``."""

        SENT = "sent", _("not opened yet")
        UNDER_WAY = "under_way", _("under way")
        FINISHED = "finished", _("finished, waits for approval")
        APPROVED = "approved", _("finished")
        REVOKED = "revoked", _("revoked")
        OVER = "over", _("expired")

    #: Names the link in addresses and logs. Not a secret.
    reference = models.CharField(_("reference"), max_length=12, unique=True, editable=False)
    #: SHA-256 of the token, in hexadecimal.
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    purpose = models.CharField(
        _("purpose"), max_length=8, choices=Purpose.choices, default=Purpose.SETUP
    )
    # The list shows links of deleted connections; they open nothing.
    connection = models.ForeignKey(
        Connection,
        models.SET_NULL,
        null=True,
        related_name="setup_links",
        verbose_name=_("connection"),
    )
    connection_name = models.CharField(_("connection"), max_length=128)
    applications = models.ManyToManyField(
        Application, related_name="+", verbose_name=_("applications"), blank=True
    )
    auto_enable = models.BooleanField(_("enable without approval"), default=False)
    domains = models.CharField(
        _("domains"), max_length=8, choices=Domains.choices, default=Domains.OPTIONAL
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    created_by = PrimaryForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    #: The inviter's name, shown to the customer; "" for a link made by a command.
    created_by_name = models.CharField(_("created by"), max_length=254, blank=True)
    expires_at = models.DateTimeField(_("valid until"))
    max_openings = models.PositiveSmallIntegerField(_("openings allowed"), default=10)
    openings_used = models.PositiveSmallIntegerField(_("openings"), default=0)
    #: What the customer has entered and Microsoft has not accepted yet, and the keys of the
    #: credentials that it has accepted: see ``setup.draft``. Secret values are encrypted.
    draft = models.JSONField(default=dict, editable=False)
    #: The parts of ``draft`` that are encrypted with ENCRYPTION_KEYS.
    ENCRYPTED_IN_DRAFT = ("secret", "key")
    #: The furthest step that was reached.
    step = models.CharField(_("step"), max_length=16, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    approved_at = models.DateTimeField(_("approved"), null=True)
    approved_by_name = models.CharField(_("approved by"), max_length=254, blank=True)

    objects = PrimaryManager["SetupLink"]()

    class Meta:
        verbose_name = _("set-up link")
        verbose_name_plural = _("set-up links")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.connection_name} ({self.reference})"

    @property
    def state(self) -> State:
        """What has become of it, as the admin's list shows it."""
        if self.approved_at:
            return self.State.APPROVED
        if self.revoked_at:
            return self.State.REVOKED
        if self.connection_id is None:
            return self.State.OVER
        if self.finished_at:
            return self.State.FINISHED
        if timezone.now() >= self.expires_at:
            return self.State.OVER
        return self.State.UNDER_WAY if self.openings_used else self.State.SENT

    @property
    def is_usable(self) -> bool:
        """Whether a session begun with it is still valid. An approved one can only be read."""
        return (
            self.connection_id is not None
            and self.revoked_at is None
            and timezone.now() < self.expires_at
        )

    @property
    def can_be_opened(self) -> bool:
        """Whether it can be opened once more."""
        return self.is_usable and self.openings_used < self.max_openings

    def take_opening(self, now: datetime) -> bool:
        """Count an opening, unless the link cannot be opened. One statement decides."""
        opened = (
            type(self)
            ._default_manager.filter(
                pk=self.pk,
                connection__isnull=False,
                revoked_at__isnull=True,
                expires_at__gt=now,
                openings_used__lt=F("max_openings"),
            )
            .update(openings_used=F("openings_used") + 1)
        )
        return bool(opened)


class SetupSession(PrimaryModel):
    """One opening of a link: a browser that may set up the link's connection for some hours."""

    link = models.ForeignKey(SetupLink, models.CASCADE, related_name="sessions")
    #: SHA-256 of the cookie's value, in hexadecimal.
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    opened_at = models.DateTimeField(_("opened"))
    expires_at = models.DateTimeField(_("valid until"))
    address = models.GenericIPAddressField(_("address"), null=True)
    #: Outcome of the last trial of this session: see ``login.flows.trial``. It holds claims, so it
    #: goes with the session.
    trial = models.JSONField(null=True)
    #: Outcome of the last return from the consent page: see ``login.flows.consent``.
    consent = models.JSONField(null=True)

    objects = PrimaryManager["SetupSession"]()

    class Meta:
        verbose_name = _("opening of a set-up link")
        verbose_name_plural = _("openings of a set-up link")
        default_permissions = ()
        ordering = ["-opened_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.link} {self.opened_at:%Y-%m-%d %H:%M}"
