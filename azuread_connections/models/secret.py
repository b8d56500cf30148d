from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from ..entra.credentials import Credential, SecretCredential
from .connection import Connection
from .fields import EncryptedTextField, UndecryptableError
from .validators import validate_client_secret

#: A secret that Microsoft refused is tried after all others for this time.
REFUSAL_LAPSES_AFTER = timedelta(minutes=10)
#: A success is written at most this often, so that a sign-in rarely costs a write.
SUCCESS_WRITTEN_EVERY = timedelta(hours=1)
HINT_LENGTH = 3
#: More than a rotation needs. Each secret tried costs a request.
MAX_TRIED = 4


class ClientSecret(models.Model):
    """One of a connection's client secrets. Written, replaced and used; never shown."""

    connection = models.ForeignKey(
        Connection, models.CASCADE, related_name="secrets", verbose_name=_("connection")
    )
    value = EncryptedTextField(_("value"), validators=[validate_client_secret])
    hint = models.CharField(_("begins with"), max_length=HINT_LENGTH, editable=False)
    key_id = models.CharField(_("secret ID"), max_length=36, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)
    #: The last notice sent: for which threshold in days, and about which expiry.
    notice_days = models.IntegerField(null=True, editable=False)
    notice_expiry = models.DateTimeField(null=True, editable=False)
    last_success_at = models.DateTimeField(_("last accepted"), null=True, editable=False)
    refused_at = models.DateTimeField(_("last refused"), null=True, editable=False)

    class Meta:
        verbose_name = _("client secret")
        verbose_name_plural = _("client secrets")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["expires_at", "id"], name="azuread_secret_expiry")]

    def __str__(self) -> str:
        return f"{self.hint}…"

    @sensitive_variables("value")
    def save(self, *args: Any, **kwargs: Any) -> None:
        value: object = self.value
        if isinstance(value, str):  # new: once stored, it is sealed
            self.hint = value[:HINT_LENGTH]
        super().save(*args, **kwargs)

    @property
    def credential(self) -> Credential:
        """The credential for a token request. The secret is decrypted only when it is sent."""
        return SecretCredential(self.value)

    def is_expired(self, now: datetime | None = None) -> bool:
        return self.expires_at is not None and self.expires_at <= (now or timezone.now())

    def is_refused(self, now: datetime | None = None) -> bool:
        if self.refused_at is None:
            return False
        return self.refused_at > (now or timezone.now()) - REFUSAL_LAPSES_AFTER

    def record_success(self) -> None:
        """Store that Microsoft accepted it, at most hourly."""
        now = timezone.now()
        written_before = now - SUCCESS_WRITTEN_EVERY
        if self.refused_at is None and (self.last_success_at or written_before) > written_before:
            return
        ClientSecret._default_manager.filter(pk=self.pk).update(
            last_success_at=now, refused_at=None
        )

    def record_refusal(self) -> None:
        """Store that Microsoft refused it."""
        ClientSecret._default_manager.filter(pk=self.pk).update(refused_at=timezone.now())


class NoUsableSecret(Exception):
    """A connection has no client secret that can be sent. ``str()`` says why."""


def readable_secrets(
    connection: Connection, loaded: Collection[ClientSecret] = ()
) -> Iterator[ClientSecret]:
    """Yield a connection's secrets that can be read, in the order of use.

    ``loaded``: its secrets if the caller has just read them. Secrets added while the others were
    tried come last: the old one may have been removed in Azure in that time. Secrets that no key
    can decrypt are skipped. Raises ``NoUsableSecret`` if none is left.
    """
    unreadable: UndecryptableError | None = None
    readable = 0
    known: set[int] = set()
    found = list(loaded or connection.secrets.all())
    while found:
        known |= {secret.pk for secret in found}
        for secret in in_order_of_use(found)[:MAX_TRIED]:
            if not secret.value.is_readable:
                unreadable = UndecryptableError()
                continue
            readable += 1
            yield secret
        found = [secret for secret in connection.secrets.all() if secret.pk not in known]
    if not readable:
        raise NoUsableSecret(unreadable or "The connection has no client secret.")


def in_order_of_use(secrets: list[ClientSecret], now: datetime | None = None) -> list[ClientSecret]:
    """Sort secrets as a sign-in tries them: newest first, doubtful ones last.

    A secret that is expired or was recently refused is still tried last: the recorded date can be
    wrong, and not trying the secret would turn a wrong record into an outage.
    """
    newest_first = sorted(secrets, key=lambda secret: (secret.created_at, secret.pk), reverse=True)
    return sorted(newest_first, key=lambda s: s.is_expired(now) or s.is_refused(now))


def not_expired(now: datetime) -> Q:
    return Q(expires_at__isnull=True) | Q(expires_at__gt=now)
