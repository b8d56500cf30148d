from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .application import Application
from .batches import delete_in_batches
from .connection import Connection
from .identity import Identity


class Event(models.Model):
    """One line of the sign-in log. What it names survives as text when the rows go."""

    class Kind(models.TextChoices):
        SIGNED_IN = "signed_in", _("signed in")
        SIGN_IN_FAILED = "sign_in_failed", _("sign-in failed")
        SECRET_REFUSED = "secret_refused", _("secret refused")
        GROUPS_INCOMPLETE = "groups_incomplete", _("groups incomplete")
        PROFILE_INCOMPLETE = "profile_incomplete", _("extended profile incomplete")
        USER_LINKED = "user_linked", _("existing user linked")
        USER_UNLINKED = "user_unlinked", _("user unlinked")
        DOMAIN_WITHDRAWN = "domain_withdrawn", _("domain no longer verified")
        SECRET_ROTATED = "secret_rotated", _("credential rotated")
        ROTATION_FAILED = "rotation_failed", _("rotation failed")
        SECRET_REMOVED = "secret_removed", _("replaced credential removed")
        DIRECTORY_WAITING = "directory_waiting", _("directory waits for approval")
        DIRECTORY_MOVED = "directory_moved", _("trusted directory changed")
        TRIED = "tried", _("tried by an administrator")
        CONSENT_RETURNED = "consent_returned", _("returned from the consent page")
        CLIENT_REFUSED = "client_refused", _("client not authenticated")
        TOKENS_REFUSED = "tokens_refused", _("tokens refused to a client")
        TOKENS_REUSED = "tokens_reused", _("code or refresh token used twice")

    created_at = models.DateTimeField(_("time"), db_index=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    code = models.CharField(_("code"), max_length=32, blank=True)
    reference = models.CharField(_("reference"), max_length=12)
    connection = models.ForeignKey(
        Connection,
        models.SET_NULL,
        null=True,
        related_name="events",
        verbose_name=_("connection"),
        db_index=False,
    )
    connection_name = models.CharField(_("connection"), max_length=128, blank=True)
    application = models.ForeignKey(
        Application, models.SET_NULL, null=True, related_name="+", verbose_name=_("application")
    )
    application_name = models.CharField(_("application"), max_length=100, blank=True)
    identity = models.ForeignKey(
        Identity, models.SET_NULL, null=True, related_name="events", verbose_name=_("identity")
    )
    person = models.CharField(_("person"), max_length=254, blank=True)
    aadsts_code = models.PositiveBigIntegerField(_("AADSTS code"), null=True)
    message = models.TextField(_("message"), blank=True)
    correlation_id = models.CharField(_("correlation ID"), max_length=64, blank=True)
    trace_id = models.CharField(_("trace ID"), max_length=64, blank=True)
    # The error comes from the callback's address, which anybody can forge.
    is_unconfirmed = models.BooleanField(_("not confirmed by Microsoft"), default=False)
    address = models.GenericIPAddressField(_("address"), null=True)
    # Forged requests are counted in one row a minute, so that they cannot fill the table.
    count = models.PositiveIntegerField(_("times"), default=1)
    # Null instead of "", so that only counted events must be unique.
    counter_key = models.CharField(max_length=100, null=True, editable=False)  # noqa: DJ001

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["counter_key"], name="azuread_event_counter")
        ]
        # Each sign-in writes to all of them. None is declared on its field: `db_index` would add a
        # second index for LIKE on PostgreSQL, and would repeat the first column of another index.
        indexes = [
            models.Index(fields=["reference"], name="azuread_event_reference"),
            models.Index(fields=["connection", "created_at"], name="azuread_event_conn"),
            models.Index(fields=["connection", "kind", "created_at"], name="azuread_event_kind"),
        ]

    def __str__(self) -> str:
        moment = self.created_at
        # In the site's time zone, as everywhere in the admin.
        moment = timezone.localtime(moment) if timezone.is_aware(moment) else moment
        return f"{moment:%Y-%m-%d %H:%M} {self.get_kind_display()}"

    @classmethod
    def delete_before(cls, moment: datetime, batch_size: int) -> int:
        """Delete older events, a batch at a time; return how many there were."""
        old = cls._default_manager.filter(created_at__lt=moment).order_by("created_at")
        return delete_in_batches(old, batch_size)
