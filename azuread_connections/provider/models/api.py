from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from ...models.primary import PrimaryModel
from ...models.validators import validate_plain_text
from .client import OAuthClient

#: Those of ``scopes.DESCRIPTIONS``: an API's own are told from them by the name.
OPENID_SCOPES = frozenset({"openid", "profile", "email", "groups", "roles", "offline_access"})


class API(PrimaryModel):
    """A resource server: what a client asks an access token for."""

    name = models.CharField(_("name"), max_length=100, validators=[validate_plain_text])
    identifier = models.CharField(
        _("identifier"),
        max_length=255,
        unique=True,
        validators=[validate_plain_text],
        help_text=_("The audience of its access tokens, such as “https://api.example.com/”."),
    )
    #: Each scope, and what it means, as the consent page says it.
    scopes = models.JSONField(_("scopes"), default=dict, blank=True)
    token_lifetime = models.PositiveIntegerField(
        _("lifetime of access tokens"),
        default=3_600,
        validators=[MinValueValidator(60), MaxValueValidator(2_592_000)],
        help_text=_(
            "In seconds: 3600 is one hour. The shorter it is, the sooner a revocation takes effect."
        ),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("API")
        verbose_name_plural = _("APIs")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def scope_descriptions(self) -> dict[str, str]:
        found: Any = self.scopes
        return found if isinstance(found, dict) else {}


class ClientGrant(PrimaryModel):
    """The scopes of an API that a client may have for itself. A client of somebody else needs it to
    ask for them on behalf of people, too."""

    client = models.ForeignKey(
        OAuthClient, models.CASCADE, related_name="grants", verbose_name=_("client")
    )
    api = models.ForeignKey(API, models.CASCADE, related_name="grants", verbose_name=_("API"))
    scope = models.TextField(_("scopes"), blank=True)

    class Meta:
        verbose_name = _("client grant")
        verbose_name_plural = _("client grants")
        constraints = [
            models.UniqueConstraint(fields=["client", "api"], name="azuread_provider_grant_unique")
        ]

    def __str__(self) -> str:
        return f"{self.client} → {self.api}"


def parse_scope(text: str) -> tuple[str, str]:
    """Return scope and meaning of “read:orders = see your orders”. Raises ``ValidationError``."""
    name, _separator, meaning = (part.strip() for part in text.partition("="))
    # RFC 6749 section 3.3.
    is_token = name.isascii() and name.isprintable() and not set(name) & set(' "\\')
    if not name or not is_token:
        raise ValidationError(_("“%(name)s” is not a scope."), code="scope", params={"name": name})
    if name in OPENID_SCOPES:
        raise ValidationError(
            _("“%(name)s” is a scope of OpenID Connect."), code="openid", params={"name": name}
        )
    validate_plain_text(meaning)
    return name, meaning or name
