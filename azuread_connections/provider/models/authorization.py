from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models, router, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import get_access_token_model, get_refresh_token_model
from oauth2_provider.settings import oauth2_settings

from ...models import Connection, Identity
from ...models.primary import PrimaryForeignKey, PrimaryModel, PrimaryOneToOneField
from .api import API
from .client import OAuthClient


class Authorization(PrimaryModel):
    """One sign-in of a person to a client: its code, and on what the tokens for it rest.

    django-oauth-toolkit's tokens have no place for the sign-in that they follow from. This row has
    it, so that each refresh judges the person by it.
    """

    client = models.ForeignKey(
        OAuthClient, models.CASCADE, related_name="authorizations", verbose_name=_("client")
    )
    user = PrimaryForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("user")
    )

    # The sign-in, as the session had it.
    identity = models.ForeignKey(Identity, models.CASCADE, related_name="+")
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="+")
    tenant_id = models.CharField(max_length=36)
    microsoft_session_id = models.CharField(max_length=36, blank=True)
    #: Seconds since 1970, to the digit: the session's copy is compared with it.
    signed_in_at = models.FloatField()
    #: Seconds since 1970, as Microsoft said; 0 if it did not.
    authenticated_at = models.FloatField(default=0)
    #: How the person authenticated, as Microsoft said.
    methods = models.JSONField(default=list)

    #: Whether the client had no secret then. A change of its type ends what it holds.
    was_public = models.BooleanField(editable=False)
    #: The name of the browser's session: see ``browser_session``.
    browser_session = models.CharField(max_length=22, blank=True)

    # The code, and what its exchange is checked against.
    code_digest = models.CharField(max_length=64, unique=True)
    code_expires_at = models.DateTimeField()
    code_used_at = models.DateTimeField(null=True)
    redirect_uri = models.TextField()
    scope = models.TextField(blank=True)
    nonce = models.TextField(blank=True)
    code_challenge = models.CharField(max_length=128, blank=True)

    #: What the access token is for; None for one that is for `userinfo` alone.
    api = models.ForeignKey(API, models.CASCADE, null=True, related_name="+")

    # The tokens.
    #: ``token_family`` of the refresh tokens.
    family = models.UUIDField(default=uuid.uuid4, unique=True)
    #: There is one at a time: a refresh ends the one before. Without a constraint, as others
    #: delete access tokens too (``cleartokens``).
    access_token = PrimaryOneToOneField(
        oauth2_settings.ACCESS_TOKEN_MODEL,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        related_name="+",
    )
    revoked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("authorization")
        verbose_name_plural = _("authorizations")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["browser_session"], name="azuread_provider_auth_browser"),
            models.Index(fields=["created_at"], name="azuread_provider_auth_created"),
            models.Index(fields=["microsoft_session_id"], name="azuread_provider_auth_msid"),
        ]

    def __str__(self) -> str:
        return f"{self.user} → {self.client}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding:
            self.was_public = self.client.is_public
        super().save(*args, **kwargs)

    @property
    def scopes(self) -> list[str]:
        return self.scope.split()

    def is_code_expired(self, now: datetime) -> bool:
        return now >= self.code_expires_at

    def revoke(self) -> None:
        """End it with all its tokens."""
        alias = router.db_for_write(type(self))
        access_tokens = get_access_token_model()._default_manager.using(alias)
        with transaction.atomic(using=alias):
            self.revoked_at = timezone.now()
            current = type(self)._default_manager.using(alias).filter(pk=self.pk)
            current.update(revoked_at=self.revoked_at)
            get_refresh_token_model().revoke_family(self.family)
            # Not as this object has it: another request may have refreshed meanwhile.
            access_tokens.filter(pk__in=current.values("access_token_id")).delete()
