"""The authentication class."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from rest_framework.authentication import BaseAuthentication

from ..bearer import log, validation
from ..bearer.callers import AccessTokenAuth
from ..bearer.refusals import KeysUnavailable as KeysMissing
from ..bearer.refusals import TokenRefused
from ..conf import conf
from ..entra.frames import without_frame_variables
from .exceptions import InvalidToken, KeysUnavailable, MalformedHeader, challenge

_SCHEME = "bearer"


class AzureADBearerAuthentication(BaseAuthentication):
    """Takes access tokens that Microsoft, or this site's own provider, has issued for this API.

    ``request.user`` is the person's Django user, or an ``AppOnlyCaller``; ``request.auth`` is an
    ``AccessTokenAuth``. A request without the scheme ``Bearer`` is left to other classes. Place it
    first: Django REST framework takes the status and the header of a 401 from the first class.

    All attributes can be set in a subclass. RFC 6750.
    """

    #: Slug of the application for which the connection must be enabled; "": DEFAULT_APPLICATION.
    application: str = ""
    #: Name of the only connection whose people and applications may call; "": any.
    connection: str = ""
    #: App ID URIs, each with its registration's client ID; None: the setting API_APP_ID_URIS.
    app_id_uris: Mapping[str, str] | None = None
    #: Identifiers of the provider's APIs that are served here; None: the setting API_IDENTIFIERS.
    identifiers: Collection[str] | None = None
    #: Whether applications may call without a person. They need an app role of this API.
    accepts_apps: bool = False
    realm: str = "api"

    @without_frame_variables
    def authenticate(self, request: Any) -> tuple[Any, AccessTokenAuth] | None:
        """Return the user and what the token says, or None without a bearer token.

        Raises ``InvalidToken`` (401), ``MalformedHeader`` (400) and ``KeysUnavailable`` (503).
        """
        scheme, _space, token = request.META.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
        if scheme.lower() != _SCHEME:
            return None
        token = token.strip(" ")
        # Two Authorization headers are joined by a comma, which no token has.
        if not token or not token.isascii() or {" ", ",", "\t"} & set(token):
            raise MalformedHeader(challenge(self.realm, error="invalid_request"))
        # Django's own request: what is recorded of it needs no more.
        http_request = request._request
        try:
            caller = validation.find_caller(token, self.policy(), http_request)
        except TokenRefused as refused:
            # For ``authenticate_header``, which the view calls on another instance.
            request.azuread_token_refused = refused.reason
            log.record_refused(http_request, refused)
            raise InvalidToken(refused.reason) from None
        except KeysMissing as missing:
            log.record_unavailable(http_request, missing)
            raise KeysUnavailable(missing.retry_after) from None
        return caller.user, caller.auth

    def authenticate_header(self, request: Any) -> str:
        """Return the ``WWW-Authenticate`` header of a 401. Without a token it names no error
        (RFC 6750 section 3.1)."""
        reason = getattr(request, "azuread_token_refused", None)
        if reason is None:
            return challenge(self.realm)
        return challenge(self.realm, error="invalid_token", error_description=reason)

    def policy(self) -> validation.Policy:
        """Return what this class accepts."""
        uris = conf.api_app_id_uris if self.app_id_uris is None else self.app_id_uris
        identifiers = conf.api_identifiers if self.identifiers is None else self.identifiers
        return validation.Policy(
            application=self.application or conf.default_application,
            connection=self.connection,
            app_id_uris=uris,
            identifiers=frozenset(identifiers),
            accepts_apps=self.accepts_apps,
        )
