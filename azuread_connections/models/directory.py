from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, ProtectedError, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from ..entra.cloud import CLOUDS, PERSONAL_TENANT_ID, clouds_sharing_login
from .connection import Connection
from .primary import PrimaryModel, PrimaryQuerySet
from .validators import validate_plain_text

#: "Last seen" is written at most this often, so that a sign-in rarely costs a write.
SEEN_WRITTEN_EVERY = timedelta(hours=1)


def pinned_by_another() -> Exists:
    """Return the condition, in a query of ``Directory``, that another connection has pinned it.

    Connections are compared by login host: US Government and DoD share their directories.
    """
    cloud_of_row = ExpressionWrapper(OuterRef("connection__cloud"), models.CharField())
    pins = (
        Connection._default_manager.filter(tenant_id=OuterRef("tenant_id"))
        .exclude(pk=OuterRef("connection"))
        .annotate(cloud_of_row=cloud_of_row)
        .order_by()
    )
    same_login_host = Q(cloud=F("cloud_of_row"))
    for clouds in {clouds_sharing_login(name) for name in CLOUDS}:
        if len(clouds) > 1:
            same_login_host |= Q(cloud__in=clouds, cloud_of_row__in=clouds)
    return Exists(pins.filter(same_login_host))


class Directories(PrimaryQuerySet["Directory"]):
    """Directories. Refused ones cannot be deleted."""

    def welcome(self) -> Directories:
        """Return those whose people can sign in now: see ``Directory.status_today``.

        For one accepted automatically, the connection's present policy and other connections'
        present pins decide, not those at its first sign-in.
        """
        by_policy = (
            Q(
                admitted_by=Directory.AdmittedBy.ITSELF,
                connection__new_directories=Connection.NewDirectories.ACCEPT,
            )
            & ~Q(tenant_id=PERSONAL_TENANT_ID)
            & ~pinned_by_another()
        )
        return self.filter(
            Q(admitted_by=Directory.AdmittedBy.ADMINISTRATOR)
            | (Q(tenant_id=F("connection__tenant_id")) & ~Q(tenant_id=PERSONAL_TENANT_ID))
            | by_policy,
            status=Directory.Status.ALLOWED,
        )

    def update(self, **values: Any) -> int:
        """Update them. A status without ``admitted_by`` is an administrator's decision, as in
        ``Directory.save``."""
        if "status" in values:
            values.setdefault("admitted_by", Directory.AdmittedBy.ADMINISTRATOR)
        return super().update(**values)

    update.alters_data = True  # type: ignore[attr-defined]

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete them. Raises ``ProtectedError`` if one of them is refused."""
        _keep_refused(self)
        return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


class Directory(PrimaryModel):
    """One Azure AD directory that a connection knows, its status, and what it has granted."""

    class Status(models.TextChoices):
        ALLOWED = "allowed", _("allowed")
        WAITING = "waiting", _("waiting for approval")
        REFUSED = "refused", _("refused")

    class AdmittedBy(models.TextChoices):
        ADMINISTRATOR = "administrator", _("an administrator")
        OWN = "own", _("the connection's own directory")
        ITSELF = "itself", _("itself, at its first sign-in")

    connection = models.ForeignKey(
        Connection, models.CASCADE, related_name="directories", verbose_name=_("connection")
    )
    tenant_id = models.CharField(
        _("directory ID"),
        max_length=36,
        help_text=_(
            "The “Tenant ID” on the directory's overview page in the Microsoft Entra admin center."
        ),
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.ALLOWED
    )
    # A row added in the admin or by code is an administrator's decision.
    admitted_by = models.CharField(
        _("let in by"),
        max_length=13,
        choices=AdmittedBy.choices,
        default=AdmittedBy.ADMINISTRATOR,
        editable=False,
    )
    domain = models.CharField(
        _("domain"),
        max_length=253,
        blank=True,
        validators=[validate_plain_text],
        help_text=_("From its first visitor's login name. Anybody can choose a name: check it."),
    )
    first_seen_at = models.DateTimeField(_("first seen"), auto_now_add=True)
    last_seen_at = models.DateTimeField(_("last seen"), null=True, editable=False)
    #: Granted by people or the directory's administrator, as the token endpoint reported.
    delegated_scopes = models.TextField(_("delegated permissions"), blank=True, editable=False)
    delegated_since = models.DateTimeField(null=True, editable=False)
    #: Proven by a Graph call that succeeded.
    application_permissions = models.TextField(
        _("application permissions"), blank=True, editable=False
    )
    application_since = models.DateTimeField(null=True, editable=False)
    #: A return from the consent page proves nothing: anybody can forge it.
    consent_returned_at = models.DateTimeField(_("consent page"), null=True, editable=False)
    consent_asked_by = models.CharField(_("asked by"), max_length=254, blank=True, editable=False)

    objects = Directories.as_manager()

    class Meta:
        verbose_name = _("directory")
        verbose_name_plural = _("directories")
        ordering = ["-first_seen_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "tenant_id"], name="azuread_directory_unique"
            )
        ]
        indexes = [
            models.Index(fields=["status"], name="azuread_directory_status"),
            models.Index(fields=["tenant_id"], name="azuread_directory_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.domain} ({self.tenant_id})" if self.domain else self.tenant_id

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store it. A change to the status of a stored row is an administrator's decision.

        When it is refused, its people's users leave the groups that the mappings gave them.
        """
        names = kwargs.get("update_fields")
        if not self._state.adding and (names is None or "status" in names):
            stored = type(self)._default_manager.filter(pk=self.pk)
            if stored.exclude(status=self.status).exists():
                self.admitted_by = Directory.AdmittedBy.ADMINISTRATOR
                if names is not None:
                    kwargs["update_fields"] = {*names, "admitted_by"}
        super().save(*args, **kwargs)
        if self.status == Directory.Status.REFUSED:
            self.connection.group_grants.filter(identity__tenant_id=self.tenant_id).end()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete it. Raises ``ProtectedError`` if it is refused: it could be accepted again."""
        _keep_refused(type(self)._default_manager.filter(pk=self.pk))
        return super().delete(*args, **kwargs)

    @property
    def is_own(self) -> bool:
        """Whether it is the directory that the connection has pinned."""
        return self.tenant_id == self.connection.tenant_id != PERSONAL_TENANT_ID

    @property
    def status_today(self) -> Directory.Status:
        """The status under the present policy. Other connections' pins are not considered.

        The policy changes neither an administrator's decision nor the status of the connection's
        own directory.
        """
        status = Directory.Status(self.status)
        if status != Directory.Status.ALLOWED or self.is_own:
            return status
        if self.admitted_by == Directory.AdmittedBy.ADMINISTRATOR:
            return status
        if self.admitted_by == Directory.AdmittedBy.OWN or self.tenant_id == PERSONAL_TENANT_ID:
            return Directory.Status.REFUSED
        return status_of_new(self.connection)

    def decide(self, status: Directory.Status) -> None:
        """Set and save the status as an administrator's decision, which no policy changes."""
        self.status = status
        self.admitted_by = Directory.AdmittedBy.ADMINISTRATOR
        self.save(update_fields=["status", "admitted_by"])

    def is_seen_lately(self, now: datetime) -> bool:
        return self.last_seen_at is not None and self.last_seen_at > now - SEEN_WRITTEN_EVERY


def status_of_new(connection: Connection) -> Directory.Status:
    """Return the status that the connection's policy gives to a new directory."""
    return {
        Connection.NewDirectories.ACCEPT.value: Directory.Status.ALLOWED,
        Connection.NewDirectories.HOLD.value: Directory.Status.WAITING,
    }.get(connection.new_directories, Directory.Status.REFUSED)


def refused_are_kept(number: int) -> str:
    """Return why refused directories cannot be deleted, and what to do instead."""
    message = ngettext(
        "%(n)d directory is refused and cannot be deleted: without its row, it could be accepted "
        "automatically again. To let it in, approve it. To delete it, set its status to “waiting "
        "for approval” first.",
        "%(n)d directories are refused and cannot be deleted: without their rows, they could be "
        "accepted automatically again. To let them in, approve them. To delete them, set their "
        "status to “waiting for approval” first.",
        number,
    )
    return message % {"n": number}


def _keep_refused(directories: models.QuerySet[Directory]) -> None:
    refused: set[models.Model] = set(directories.filter(status=Directory.Status.REFUSED))
    if refused:
        raise ProtectedError(refused_are_kept(len(refused)), refused)
