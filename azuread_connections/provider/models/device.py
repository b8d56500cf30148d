from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from ...models.primary import PrimaryModel, PrimaryQuerySet
from .api import API
from .authorization import Authorization
from .client import OAuthClient

#: Seconds between two polls, and by how many more each one that is too early makes it:
#: RFC 8628 section 3.5.
INTERVAL = INTERVAL_STEP = 5
PROGRAM_MAX_LENGTH = 40


class DeviceAuthorizations(PrimaryQuerySet["DeviceAuthorization"]):
    def waiting(self, now: datetime) -> DeviceAuthorizations:
        """Those that a person can still answer."""
        return self.filter(answered_at__isnull=True, expires_at__gt=now)


class DeviceAuthorization(PrimaryModel):
    """A device that waits for a person to sign in for it in a browser (RFC 8628).

    Once the person agrees, there is an ``Authorization``, on which the tokens rest as on that of
    any other sign-in.
    """

    client = models.ForeignKey(OAuthClient, models.CASCADE, related_name="+")
    device_code_digest = models.CharField(max_length=64, unique=True)
    user_code_digest = models.CharField(max_length=64, unique=True)
    scope = models.TextField(blank=True)
    api = models.ForeignKey(API, models.CASCADE, null=True, related_name="+")

    # Where the request came from, for the person to judge.
    address = models.GenericIPAddressField(null=True)
    #: One of the names in ``programs``; "" for an unknown one.
    program = models.CharField(max_length=PROGRAM_MAX_LENGTH, blank=True)

    interval = models.PositiveIntegerField(default=INTERVAL)
    polled_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    answered_at = models.DateTimeField(null=True)
    #: None for one that was denied. Deleted with it, so that it never looks like that.
    authorization = models.OneToOneField(
        Authorization, models.CASCADE, null=True, related_name="device"
    )

    objects = models.Manager.from_queryset(DeviceAuthorizations)()

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["client", "expires_at"], name="azuread_provider_dev_client"),
            models.Index(fields=["expires_at"], name="azuread_provider_dev_expires"),
        ]

    def __str__(self) -> str:
        return f"{self.client} ({self.created_at:%Y-%m-%d %H:%M})"

    @property
    def scopes(self) -> list[str]:
        return self.scope.split()
