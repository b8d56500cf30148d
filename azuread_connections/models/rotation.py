from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .connection import Connection
from .credential import Credential
from .fields import EncryptedTextField
from .primary import PrimaryManager, PrimaryModel

#: A run that has renewed its lease renews it again in less than this, or it was killed.
LEASE = timedelta(minutes=5)


class Rotation(PrimaryModel):
    """The rotation of one registration's credentials: whose turn it is, and how far it has come.

    Several connections can share a registration, so there is one row for a client ID in a cloud.
    The new credential is kept here until Microsoft accepts it: no sign-in uses it before.
    """

    cloud = models.CharField(max_length=20)
    client_id = models.CharField(max_length=36)
    #: The run that works on it; no other may until ``leased_until``.
    holder = models.CharField(max_length=32, blank=True)
    leased_until = models.DateTimeField(null=True)
    #: The connection that is rotated. Without a marker nothing is under way.
    connection = models.ForeignKey(Connection, models.CASCADE, null=True, related_name="+")
    replaces = models.ForeignKey(Credential, models.SET_NULL, null=True, related_name="+")
    #: A part of the new credential's name in Azure, stored before it is made there.
    marker = models.CharField(max_length=32, blank=True)
    kind = models.CharField(max_length=11, choices=Credential.Kind, blank=True)
    value = EncryptedTextField(null=True)
    certificate = models.TextField(blank=True)
    hint = models.CharField(max_length=60, blank=True)
    key_id = models.CharField(max_length=36, blank=True)
    expires_at = models.DateTimeField(null=True)
    #: When Microsoft confirmed that it has the new credential.
    added_at = models.DateTimeField(null=True)

    objects = PrimaryManager["Rotation"]()

    class Meta:
        verbose_name = _("rotation of credentials")
        verbose_name_plural = _("rotations of credentials")
        # It has no page: rotating needs the permission to manage the connection's credentials.
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["client_id", "cloud"], name="azuread_rotation_registration"
            )
        ]

    def __str__(self) -> str:
        return self.client_id

    @property
    def is_under_way(self) -> bool:
        return bool(self.marker)

    def is_of(self, connection: Connection) -> bool:
        """Whether this is the registration of the connection."""
        return (self.client_id, self.cloud) == (connection.client_id, connection.identity_cloud)

    @property
    def name_in_azure(self) -> str:
        """The new credential's description there, by which one that was not stored is found."""
        return f"Django, rotation {self.marker}"

    def new_credential(self, connection: Connection) -> Credential:
        """Return the new credential, not stored, for one of the registration's connections."""
        return Credential(
            connection=connection,
            kind=self.kind,
            value=self.value,
            certificate=self.certificate,
            hint=self.hint,
            key_id=self.key_id,
            expires_at=self.expires_at,
        )

    @classmethod
    def take(cls, row: Rotation, holder: str, now: datetime) -> bool:
        """Lease the row to a run, unless another run has it. One statement decides."""
        free = Q(leased_until__isnull=True) | Q(leased_until__lte=now) | Q(holder=holder)
        taken = cls._default_manager.filter(free, pk=row.pk).update(
            holder=holder, leased_until=now + LEASE
        )
        return bool(taken)
