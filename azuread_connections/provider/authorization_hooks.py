"""oauthlib's questions about an authorization request, and about the scopes of any request."""

from __future__ import annotations

import re
from typing import Any

from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2.rfc6749 import errors

from ..models import Application
from ..models.validators import is_plain
from . import client_log, redirect_uris, scopes
from .client_hooks import not_allowed
from .headers import address_of
from .models import OAuthClient
from .response_modes import RESPONSE_MODES
from .targets import find_target

_MAX_NONCE = 512
#: RFC 7636 section 4.2: base64url of a SHA-256 digest.
_CODE_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_UNSUPPORTED = {
    "request": "request_not_supported",
    "request_uri": "request_uri_not_supported",
    "registration": "registration_not_supported",
}


class AuthorizationHooks(OAuth2Validator):
    def validate_redirect_uri(
        self, client_id: Any, redirect_uri: str, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        client: OAuthClient = request.client.azuread_client
        application = client.application
        if redirect_uris.is_allowed(
            redirect_uri, application.allowed_callback_urls, is_native=client.is_native
        ):
            return True
        client_log.record_refused_client(
            "redirect_uri_not_listed", application, address_of(request), detail=redirect_uri
        )
        return False

    def get_default_redirect_uri(self, *args: Any, **kwargs: Any) -> None:
        """There is none: OpenID Connect Core section 3.1.2.1 requires the parameter."""
        return None

    def validate_response_type(
        self,
        client_id: Any,
        response_type: str,
        client: Any,
        request: Any,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        """Check what oauthlib does not, once the redirect URI is known to be the client's."""
        if response_type != "code":
            raise errors.UnsupportedResponseTypeError(request=request)
        if Application.GrantType.AUTHORIZATION_CODE not in client.azuread_client.grant_types:
            raise not_allowed("authorization_code", request)
        for name, error in _UNSUPPORTED.items():
            if request._params.get(name):
                raise errors.CustomOAuth2Error(error, request=request)
        if request.response_mode not in {None, *RESPONSE_MODES}:
            raise _invalid(f"response_mode must be one of: {', '.join(RESPONSE_MODES)}.", request)
        if request.nonce and (len(request.nonce) > _MAX_NONCE or not is_plain(request.nonce)):
            raise _invalid("nonce is too long.", request)
        if request.code_challenge is not None:
            if request.code_challenge_method != "S256":
                raise _invalid('code_challenge_method must be "S256".', request)
            if not _CODE_CHALLENGE.fullmatch(request.code_challenge):
                raise _invalid("code_challenge is malformed.", request)
        # The parameter is not supported, and ignored as discovery says.
        request.claims = None
        request.target = find_target(client.azuread_client, request, for_itself=False)
        return True

    def is_pkce_required(self, client_id: Any, request: Any) -> bool:
        needed: bool = request.client.azuread_client.needs_pkce
        return needed

    def get_default_scopes(self, *args: Any, **kwargs: Any) -> list[str]:
        return []

    def validate_scopes(
        self, client_id: Any, asked: list[str], client: Any, request: Any, *args: Any, **kw: Any
    ) -> bool:
        """Grant those that exist, and those of the API.

        A client for itself gets those of the API that it was granted, by default all of them: the
        others are about a person.
        """
        possible = request.target.scopes if request.target else frozenset()
        if request.grant_type != "client_credentials":
            of_api = [scope for scope in dict.fromkeys(asked) if scope in possible]
            request.scopes = scopes.known(asked) + of_api
            return True
        wanted = [scope for scope in dict.fromkeys(asked) if scope not in scopes.DESCRIPTIONS]
        request.scopes = wanted or sorted(possible)
        if not possible.issuperset(request.scopes):
            description = "The client has not been granted all of these scopes of the API."
            raise errors.InvalidScopeError(description=description, request=request)
        return True

    def validate_silent_login(self, request: Any) -> bool:
        return True  # the view decides, which knows the session

    def validate_silent_authorization(self, request: Any) -> bool:
        return True


def _invalid(description: str, request: Any) -> errors.OAuth2Error:
    return errors.InvalidRequestError(description, request=request)
