from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .application import Application
from .batches import delete_in_batches
from .connection import Connection
from .identity import Identity
from .lookup_index import LookupIndex
from .primary import PrimaryManager, PrimaryModel


class Event(PrimaryModel):
    """One line of the sign-in log. What it names survives as text when the rows go."""

    # The comment above a kind is its text in docs/reference/events.md.
    class Kind(models.TextChoices):
        # Somebody signed in.
        SIGNED_IN = "signed_in", _("signed in")
        # A sign-in failed; `code` is that of the failure.
        SIGN_IN_FAILED = "sign_in_failed", _("sign-in failed")
        # Microsoft refused a credential, or its token could not be read; the next one was tried.
        SECRET_REFUSED = "secret_refused", _("secret refused")
        # Microsoft Graph did not return all groups; nobody's rights were changed.
        GROUPS_INCOMPLETE = "groups_incomplete", _("groups incomplete")
        # Microsoft Graph did not return the extended profile.
        PROFILE_INCOMPLETE = "profile_incomplete", _("extended profile incomplete")
        # A person was tied to an existing user, automatically by email or by that user.
        USER_LINKED = "user_linked", _("existing user linked")
        # A user disconnected an account, or an upgrade found two identities of one person.
        USER_UNLINKED = "user_unlinked", _("user unlinked")
        # Microsoft names another directory for a domain of the connection, or none, or its DNS
        # record is gone: the domain is no longer verified.
        DOMAIN_WITHDRAWN = "domain_withdrawn", _("domain no longer verified")
        # Rotation has created a new credential.
        SECRET_ROTATED = "secret_rotated", _("credential rotated")
        # Rotation could not replace a credential.
        ROTATION_FAILED = "rotation_failed", _("rotation failed")
        # Rotation has removed a credential that another one has replaced.
        SECRET_REMOVED = "secret_removed", _("replaced credential removed")
        # A directory waits for approval: somebody from it signed in, or another connection has come
        # to trust it.
        DIRECTORY_WAITING = "directory_waiting", _("directory waits for approval")
        # A connection now trusts another directory as its own.
        DIRECTORY_MOVED = "directory_moved", _("trusted directory changed")
        # An administrator tried the connection; `code` is empty if it worked.
        TRIED = "tried", _("tried by an administrator")
        # Somebody returned from Microsoft's consent page.
        CONSENT_RETURNED = "consent_returned", _("returned from the consent page")
        # An outside application did not authenticate, or named a callback URL that is not allowed.
        CLIENT_REFUSED = "client_refused", _("client not authenticated")
        # An outside application was refused tokens for a person who may no longer sign in.
        TOKENS_REFUSED = "tokens_refused", _("tokens refused to a client")
        # An outside application used a code or a refresh token twice; all tokens of that sign-in
        # are revoked.
        TOKENS_REUSED = "tokens_reused", _("code or refresh token used twice")
        # A set-up link was created, opened, approved or revoked.
        SETUP_LINK = "setup_link", _("set-up link")
        # The customer's administrator has taken a step of the set-up.
        SETUP_STEP = "setup_step", _("set up by the customer")
        # By SCIM, a directory reported a person who may sign in.
        PROVISIONED = "provisioned", _("provisioned")
        # By SCIM, a directory deactivated or deleted a person.
        DEPROVISIONED = "deprovisioned", _("deactivated by the directory")
        # A request of a directory's provisioning was refused, or a person reported by it has no
        # user yet.
        PROVISIONING_REFUSED = "provision_refused", _("provisioning refused")
        # The ID token had roles or optional claims of another type or size.
        CLAIMS_IGNORED = "claims_ignored", _("claims ignored")
        # An API of this site refused an access token. One row a minute for each code.
        API_REFUSED = "api_refused", _("token refused by an API")

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

    objects = PrimaryManager["Event"]()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-created_at", "-pk"]
        # A sign-in writes to the first three, and to the indexes of the columns `created_at`,
        # `application` and `identity`. A `LookupIndex` leaves it out, except on MariaDB, which has
        # no partial indexes. None of these is declared on its field: `db_index` would add a second
        # index for LIKE on PostgreSQL, and would repeat the first column of another.
        indexes = [
            models.Index(fields=["reference"], name="azuread_event_reference"),
            models.Index(fields=["connection", "created_at"], name="azuread_event_conn"),
            models.Index(fields=["connection", "kind", "created_at"], name="azuread_event_kind"),
            # For events without an identity; the others are found by theirs. On MariaDB it is the
            # foreign key's index, too.
            LookupIndex(
                fields=["identity", "person"],
                name="azuread_event_person",
                only=models.Q(identity=None),
                ignores_case=True,
            ),
            LookupIndex(
                fields=["correlation_id"],
                name="azuread_event_correlation",
                only=~models.Q(correlation_id=""),
                ignores_case=True,
            ),
            LookupIndex(
                fields=["counter_key"],
                name="azuread_event_counted",
                only=models.Q(counter_key__isnull=False),
                unique=True,
            ),
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
