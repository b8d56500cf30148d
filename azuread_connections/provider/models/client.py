from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, router, transaction
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import get_application_model
from oauth2_provider.settings import oauth2_settings

from ...models import Application
from ...models.primary import PrimaryManager, PrimaryModel, PrimaryOneToOneField
from .client_settings import validate_client_id, validate_client_url, validate_metadata
from .origins import clean_origin
from .sent_secret import SentSecret

_Type = Application.Type
_GrantType = Application.GrantType

#: Grant types that have a meaning here, of those that an application can have. OAuth 2.1 has
#: removed the implicit grant.
SUPPORTED_GRANT_TYPES = frozenset(
    {
        _GrantType.AUTHORIZATION_CODE,
        _GrantType.REFRESH_TOKEN,
        _GrantType.CLIENT_CREDENTIALS,
        _GrantType.DEVICE_CODE,
    }
)
PUBLIC_TYPES = frozenset({_Type.NATIVE, _Type.SPA})


class OAuthClients(PrimaryManager["OAuthClient"]):
    def register(
        self,
        application: Application,
        *,
        client_id: str = "",
        is_first_party: bool = True,
        is_pkce_required: bool = True,
        web_origins: Iterable[str] = (),
    ) -> OAuthClient:
        """Make an application an OAuth client.

        ``client_id``: the one to keep, of a client that comes from elsewhere. By default the
        application's external ID if it has one, and a new one otherwise. Raises
        ``ValidationError``.
        """
        using = router.db_for_write(self.model)
        wanted = client_id or application.external_id
        validate_client_id(wanted)
        with transaction.atomic(using=using):
            oauth_application = create_oauth_application(application.name, wanted, using)
            client = self.model(
                application=application,
                oauth_application=oauth_application,
                is_first_party=is_first_party,
                is_pkce_required=is_pkce_required,
            )
            client.save(using=using)
            client.set_web_origins(web_origins)
        return client


def create_oauth_application(name: str, client_id: str, using: str) -> Any:
    """Create a client's row in django-oauth-toolkit. ``client_id``: "" for a new one."""
    oauth_application = get_application_model()(
        name=name,
        # What follows grants nothing: django-oauth-toolkit's own endpoints refuse the client, as
        # nobody knows the secret it generates, and there is no redirect URI.
        client_type="confidential",
        authorization_grant_type="authorization-code",
        redirect_uris="",
        algorithm="",
        **({"client_id": client_id} if client_id else {}),
    )
    oauth_application.save(using=using)
    return oauth_application


class OAuthClient(PrimaryModel):
    """What makes an application an OAuth client: ties it to its row in django-oauth-toolkit, and
    holds what neither of the two has a field for."""

    #: Of the request that the client was read for: see ``queries.client``.
    sent_secret: SentSecret | None = None

    application = models.OneToOneField(
        Application,
        models.CASCADE,
        related_name="oauth_client",
        verbose_name=_("application"),
    )
    oauth_application = PrimaryOneToOneField(
        oauth2_settings.APPLICATION_MODEL,
        models.CASCADE,
        related_name="azuread_client",
        verbose_name=_("django-oauth-toolkit's application"),
    )
    is_first_party = models.BooleanField(
        _("first party"),
        default=True,
        help_text=_("People are not asked whether this client may know who they are."),
    )
    is_pkce_required = models.BooleanField(
        _("PKCE required"),
        default=True,
        help_text=_("Only a confidential client can do without, if it is too old for PKCE."),
    )
    logo_uri = models.URLField(
        _("logo URL"),
        max_length=500,
        blank=True,
        help_text=_("Shown where people are asked about the client. It begins with https://."),
    )
    id_token_lifetime = models.PositiveIntegerField(
        _("lifetime of ID tokens"),
        default=3_600,
        validators=[MinValueValidator(60), MaxValueValidator(2_592_000)],
        help_text=_("In seconds: 3600 is one hour."),
    )
    refresh_token_lifetime = models.PositiveIntegerField(
        _("lifetime of refresh tokens"),
        default=2_592_000,
        validators=[MinValueValidator(60), MaxValueValidator(31_557_600)],
        help_text=_("In seconds since the sign-in: 2592000 is 30 days."),
    )
    refresh_token_idle_lifetime = models.PositiveIntegerField(
        _("lifetime of unused refresh tokens"),
        default=1_296_000,
        validators=[MinValueValidator(60), MaxValueValidator(31_557_600)],
        help_text=_("In seconds since the last refresh: 1296000 is 15 days."),
    )
    backchannel_logout_uri = models.URLField(
        _("back-channel logout URL"),
        max_length=500,
        blank=True,
        help_text=_(
            "Gets a signed message when a person signs out or loses access (OpenID Connect "
            "Back-Channel Logout). It begins with https://."
        ),
    )
    uses_auth0_subjects = models.BooleanField(
        _("Auth0's user IDs"),
        default=False,
        help_text=_(
            "The client knows its people as “waad|” and the object ID, as Auth0 called them."
        ),
    )
    metadata = models.JSONField(
        _("metadata"),
        default=dict,
        blank=True,
        help_text=_("Texts by name, for code of your own."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = OAuthClients()

    class Meta:
        verbose_name = _("OAuth client")
        verbose_name_plural = _("OAuth clients")
        ordering = ["pk"]

    def __str__(self) -> str:
        return str(self.application)

    def clean_fields(self, exclude: Any = None) -> None:
        """Validate, and name what is wrong with an address or with the metadata at its field."""
        super().clean_fields(exclude=exclude)
        checks = {
            "logo_uri": validate_client_url,
            "backchannel_logout_uri": validate_client_url,
            "metadata": validate_metadata,
        }
        errors = {}
        for name in checks.keys() - set(exclude or ()):
            try:
                checks[name](getattr(self, name))
            except ValidationError as error:
                errors[name] = error
        if errors:
            raise ValidationError(errors)

    @property
    def client_id(self) -> str:
        return str(self.oauth_application.client_id)

    @property
    def is_public(self) -> bool:
        """Whether it can keep no secret: see ``is_public_type``."""
        return is_public_type(self.application.application_type)

    @property
    def is_native(self) -> bool:
        return self.application.application_type == _Type.NATIVE

    @property
    def needs_pkce(self) -> bool:
        return self.is_public or self.is_pkce_required

    @property
    def grant_types(self) -> frozenset[str]:
        """The grant types that it may use: those ticked, of those its type can have."""
        possible = possible_grant_types(self.application.application_type)
        ticked: Any = self.application.grant_types
        return possible.intersection(ticked if isinstance(ticked, list) else ())

    @property
    def web_origins(self) -> list[str]:
        return [row.origin for row in self.web_origin_rows.all()]

    def set_web_origins(self, origins: Iterable[str]) -> None:
        """Replace the origins whose scripts may call the endpoints as this client
        ("https://app.example.com"). Raises ``ValidationError``."""
        wanted = {clean_origin(origin) for origin in origins}
        self.web_origin_rows.exclude(origin__in=wanted).delete()
        missing = wanted - set(self.web_origin_rows.values_list("origin", flat=True))
        self.web_origin_rows.bulk_create(
            WebOrigin(client=self, origin=origin) for origin in sorted(missing)
        )


def possible_grant_types(application_type: str) -> frozenset[str]:
    """Return the grant types that have an effect for a type of application."""
    if application_type == _Type.MACHINE_TO_MACHINE:
        return frozenset({_GrantType.CLIENT_CREDENTIALS.value})
    if application_type in PUBLIC_TYPES:
        # It cannot authenticate itself.
        possible = SUPPORTED_GRANT_TYPES - {_GrantType.CLIENT_CREDENTIALS}
        # A page is in a browser, and can redirect to the sign-in. By a device code it could only
        # ask people to confirm what they cannot check.
        return possible if application_type == _Type.NATIVE else possible - {_GrantType.DEVICE_CODE}
    return SUPPORTED_GRANT_TYPES


def is_public_type(application_type: str) -> bool:
    """Return whether a client of this type runs where no secret stays secret: in a browser or on
    people's devices."""
    return application_type in PUBLIC_TYPES


def delete_oauth_application(instance: OAuthClient, using: str, **kwargs: Any) -> None:
    """Delete a client's row in django-oauth-toolkit with it, and with that its tokens.

    A receiver of ``post_delete``: deleting the application deletes the client by a cascade.
    """
    rows = get_application_model()._default_manager.using(using)
    rows.filter(pk=instance.oauth_application_id).delete()


class WebOrigin(PrimaryModel):
    """An origin from which scripts call the endpoints as one client (CORS)."""

    client = models.ForeignKey(OAuthClient, models.CASCADE, related_name="web_origin_rows")
    origin = models.CharField(_("origin"), max_length=255, db_index=True)

    class Meta:
        verbose_name = _("web origin")
        verbose_name_plural = _("web origins")
        ordering = ["origin"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "origin"], name="azuread_provider_origin_unique"
            )
        ]

    def __str__(self) -> str:
        return self.origin
