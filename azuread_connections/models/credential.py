from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from ..entra import credentials as wire
from ..entra.certificates import Thumbprints, expiry_of, thumbprints_of
from ..entra.errors import CredentialFailed, CredentialUnavailable
from ..entra.federation import FILE_VARIABLE, TokenFile, TokenSource
from ..entra.managed_identity import SYSTEM_ASSIGNED, ManagedIdentity, audience_for
from .connection import Connection
from .expiry import as_stored
from .fields import EncryptedTextField, UndecryptableError
from .primary import PrimaryManager, PrimaryModel
from .validators import validate_client_secret, validate_managed_identity, validate_token_file

#: A credential that failed is tried after all others for this time.
REFUSAL_LAPSES_AFTER = timedelta(minutes=10)
#: A success is written at most this often, so that a sign-in rarely costs a write.
SUCCESS_WRITTEN_EVERY = timedelta(hours=1)
HINT_LENGTH = 3
#: More than a rotation needs. Each credential tried costs a request.
MAX_TRIED = 4
#: Letters of a certificate's thumbprint that name it. Azure shows all 40.
_THUMBPRINT_HINT = 8
_HINT_MAX = 60


class Credential(PrimaryModel):
    """One of the credentials by which a connection proves to Microsoft that it is the app.

    The private part is written, replaced and used; never shown.
    """

    class Kind(models.TextChoices):
        SECRET = "secret", _("client secret")
        CERTIFICATE = "certificate", _("certificate")
        FEDERATED = "federated", _("federated credential")

    connection = models.ForeignKey(
        Connection, models.CASCADE, related_name="credentials", verbose_name=_("connection")
    )
    kind = models.CharField(_("kind"), max_length=11, choices=Kind, default=Kind.SECRET)
    #: A secret's value, or a certificate's private key in PEM (PKCS #8).
    value = EncryptedTextField(_("private part"), null=True, blank=True)
    certificate = models.TextField(_("certificate"), blank=True)
    token_file = models.CharField(
        _("token file"),
        max_length=500,
        blank=True,
        validators=[validate_token_file],
        help_text=_(
            "The absolute path of a file on this server, read at each use. If empty, the "
            "environment variable AZURE_FEDERATED_TOKEN_FILE names it."
        ),
    )
    managed_identity = models.CharField(
        _("managed identity"),
        max_length=36,
        blank=True,
        validators=[validate_managed_identity],
        help_text=_(
            "The token comes from the Azure resource on which this site runs: “system” for its own "
            "identity, or the client ID of a user-assigned one."
        ),
    )
    hint = models.CharField(_("identifier"), max_length=_HINT_MAX, editable=False)
    key_id = models.CharField(_("key ID"), max_length=36, blank=True)
    expires_at = models.DateTimeField(_("ends"), null=True, blank=True)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)
    #: The last notice sent: for which threshold in days, and about which expiry.
    notice_days = models.IntegerField(null=True, editable=False)
    notice_expiry = models.DateTimeField(null=True, editable=False)
    last_success_at = models.DateTimeField(_("last accepted"), null=True, editable=False)
    refused_at = models.DateTimeField(_("last refused"), null=True, editable=False)
    #: Since when a newer one has replaced it. It stays as a fall-back until it is removed.
    replaced_at = models.DateTimeField(_("replaced"), null=True, editable=False)
    #: Whether it failed at ``refused_at`` without being sent: its token could not be read.
    is_unavailable = models.BooleanField(default=False, editable=False)

    objects = PrimaryManager["Credential"]()

    class Meta:
        verbose_name = _("credential")
        verbose_name_plural = _("credentials")
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["expires_at", "id"], name="azuread_credential_expiry")]
        constraints = [
            models.CheckConstraint(
                name="azuread_credential_whole",
                condition=(
                    Q(
                        kind="secret",
                        value__isnull=False,
                        certificate="",
                        token_file="",
                        managed_identity="",
                    )
                    | Q(
                        Q(kind="certificate", token_file="", managed_identity=""),
                        ~Q(certificate=""),
                        value__isnull=False,
                        expires_at__isnull=False,
                    )
                    | Q(
                        Q(token_file="") | Q(managed_identity=""),
                        kind="federated",
                        value__isnull=True,
                        certificate="",
                        expires_at__isnull=True,
                    )
                ),
            )
        ]

    def __str__(self) -> str:
        return shown_hint(self.kind, self.hint)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.derive()
        super().save(*args, **kwargs)

    @sensitive_variables("value")
    def derive(self) -> None:
        """Set what follows from the other fields: the identifier, a certificate's end."""
        value: object = self.value
        if self.kind == self.Kind.CERTIFICATE:
            self.hint = self.thumbprints.sha1[:_THUMBPRINT_HINT]
            # The certificate itself says when it ends.
            self.expires_at = as_stored(expiry_of(self.certificate))
        elif self.kind == self.Kind.FEDERATED:
            self.hint = self._source_name()[-_HINT_MAX:]
        elif isinstance(value, str):  # new: once stored, it is sealed
            self.hint = value[:HINT_LENGTH]

    @sensitive_variables("value")
    def clean(self) -> None:
        value: object = self.value
        if self.kind == self.Kind.SECRET and isinstance(value, str):
            validate_client_secret(value)
        if self.token_file and self.managed_identity:
            raise ValidationError(
                _("The token comes from a file or from a managed identity, not from both."),
                code="two_sources",
            )

    def for_request(self, connection: Connection) -> wire.Credential:
        """Return the credential for a token request of its connection, which is not read again.

        The private part is decrypted only when it is used.
        """
        if self.value is None:
            return wire.FederatedCredential(self.token_source(connection))
        if self.kind == self.Kind.CERTIFICATE:
            return wire.CertificateCredential(self.value, self.certificate)
        return wire.SecretCredential(self.value)

    def token_source(self, connection: Connection) -> TokenSource:
        """Return where a federated credential's token comes from."""
        if self.managed_identity:
            return ManagedIdentity(self.managed_identity, audience_for(connection.cloud))
        return TokenFile(self.token_file)

    @property
    def thumbprints(self) -> Thumbprints:
        """A certificate's thumbprints. Raises ``ValueError`` for other kinds."""
        return thumbprints_of(self.certificate)

    @property
    def is_readable(self) -> bool:
        """Whether one of the site's keys can decrypt the private part, if it has one."""
        return self.value is None or self.value.is_readable

    @property
    def never_ends(self) -> bool:
        return self.kind == self.Kind.FEDERATED

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
        Credential._default_manager.filter(pk=self.pk).update(
            last_success_at=now, refused_at=None, is_unavailable=False
        )

    def record_failure(self, error: CredentialFailed) -> None:
        """Store that Microsoft refused it, or that it could not be sent."""
        Credential._default_manager.filter(pk=self.pk).update(
            refused_at=timezone.now(), is_unavailable=isinstance(error, CredentialUnavailable)
        )

    def _source_name(self) -> str:
        if not self.managed_identity:
            return self.token_file or FILE_VARIABLE
        if self.managed_identity == SYSTEM_ASSIGNED:
            return "managed identity"
        return f"managed identity {self.managed_identity}"


def shown_hint(kind: str, hint: str) -> str:
    """Return how a credential is named: the beginning of a secret or of a thumbprint, or where a
    federated token comes from."""
    return hint if kind == Credential.Kind.FEDERATED else f"{hint}…"


class NoUsableCredential(Exception):
    """A connection has no credential that can be used. ``str()`` says why."""


def readable_credentials(
    connection: Connection, loaded: Collection[Credential] = ()
) -> Iterator[Credential]:
    """Yield a connection's credentials that can be read, in the order of use.

    ``loaded``: its credentials if the caller has just read them. Those added while the others were
    tried come last: the old one may have been removed in Azure in that time. Those that no key can
    decrypt are skipped. Raises ``NoUsableCredential`` if none is left.
    """
    unreadable: UndecryptableError | None = None
    readable = 0
    known: set[int] = set()
    found = list(loaded or connection.credentials.all())
    while found:
        known |= {credential.pk for credential in found}
        for credential in in_order_of_use(found)[:MAX_TRIED]:
            # Opened, as the caller sends it at once: to decrypt it is slow.
            if credential.value is not None and not credential.value.open():
                unreadable = UndecryptableError()
                continue
            readable += 1
            yield credential
        found = [each for each in connection.credentials.all() if each.pk not in known]
    if not readable:
        raise NoUsableCredential(unreadable or "The connection has no credential.")


def in_order_of_use(credentials: list[Credential], now: datetime | None = None) -> list[Credential]:
    """Sort credentials as a sign-in tries them: newest first, doubtful ones last.

    One that is expired or has failed recently is still tried last: the recorded date can be wrong,
    and not trying it would turn a wrong record into an outage.
    """
    newest_first = sorted(credentials, key=lambda each: (each.created_at, each.pk), reverse=True)
    return sorted(newest_first, key=lambda each: each.is_expired(now) or each.is_refused(now))


def not_expired(now: datetime) -> Q:
    return Q(expires_at__isnull=True) | Q(expires_at__gt=now)
