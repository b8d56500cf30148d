from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models, router
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from ...models.prepared import Parameter, Select
from ...models.primary import PrimaryModel, PrimaryQuerySet
from .client import OAuthClient

HINT_LENGTH = 3
#: Auth0's have 64 characters. A shorter one could be guessed from its digest.
MIN_LENGTH = 32


class OAuthClientSecrets(PrimaryQuerySet["OAuthClientSecret"]):
    def live(self, now: datetime) -> OAuthClientSecrets:
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))


class OAuthClientSecretManager(models.Manager.from_queryset(OAuthClientSecrets)):  # type: ignore[misc]
    @sensitive_variables("value")
    def add(
        self, client: OAuthClient, value: str = "", *, expires_at: datetime | None = None
    ) -> str:
        """Give a client another secret, and return it: it is shown this once.

        ``value``: the one to keep, of a client that comes from elsewhere. The others stay valid,
        so that a client can change from one to the next. Raises ``ValidationError`` for a short
        one.
        """
        value = value or secrets.token_urlsafe(48)
        validate_secret(value)
        self.create(
            client=client,
            digest=digest_of(value),
            hint=value[:HINT_LENGTH],
            expires_at=expires_at,
        )
        return value

    @sensitive_variables("value")
    def accepts(self, client: OAuthClient, value: str) -> bool:
        """Return whether this is one of the client's secrets that are valid now. One query."""
        using = router.db_for_write(self.model)
        rows = _BY_DIGEST.rows(using, client=client.pk, digest=digest_of(value))
        return any(row.secret.is_live(timezone.now()) for row in rows)

    @sensitive_variables("value")
    def knows(self, client: OAuthClient, value: str) -> bool:
        """Return whether this is one of the client's secrets, expired or not. One query."""
        return bool(self.filter(client=client, digest=digest_of(value)).exists())


class OAuthClientSecret(PrimaryModel):
    """One of a client's secrets, of which only a digest is stored.

    SHA-256 without salt or stretching: each is a long random text, which no dictionary holds, and
    every token request has to check one.
    """

    client = models.ForeignKey(
        OAuthClient, models.CASCADE, related_name="secrets", verbose_name=_("client")
    )
    digest = models.CharField(max_length=64, editable=False)
    hint = models.CharField(_("begins with"), max_length=HINT_LENGTH, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    objects = OAuthClientSecretManager()

    class Meta:
        verbose_name = _("client secret")
        verbose_name_plural = _("client secrets")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "digest"], name="azuread_provider_secret_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.hint}…"

    def is_live(self, now: datetime) -> bool:
        return self.expires_at is None or self.expires_at > now


#: Every request for tokens asks for it, so it is compiled once.
_BY_DIGEST = Select(
    lambda: OAuthClientSecret._default_manager.filter(
        client=Parameter("client"), digest=Parameter("digest")
    ).order_by(),
    models={"secret": ""},
)


@sensitive_variables("value")
def validate_secret(value: str) -> None:
    if len(value) < MIN_LENGTH:
        raise ValidationError(
            _("A client secret has at least %(count)d characters."),
            code="short_secret",
            params={"count": MIN_LENGTH},
        )


@sensitive_variables("value")
def digest_of(value: str) -> str:
    """Return what is stored of a secret, a code or a token."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
