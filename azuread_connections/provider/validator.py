"""Decides what a client may do: django-oauth-toolkit's validator, held to our applications."""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from oauth2_provider.models import get_application_model
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2.rfc6749 import errors
from oauthlib.oauth2.rfc8628.grant_types import DeviceCodeGrant

from ..models import Application
from ..models.validators import is_plain
from . import (
    apis,
    claims,
    client_log,
    device_codes,
    endings,
    failed_authentication,
    judge,
    keys,
    lifetimes,
    queries,
    redirect_uris,
    scopes,
    tokens,
)
from .apis import Target
from .client_authentication import basic_credentials, why_not
from .failed_authentication import TooManyFailures
from .models import API, Authorization, ClientConsent, OAuthClient
from .response_modes import RESPONSE_MODES

#: These carry the issuer's address and the client's own from the request. ``server`` sets them.
ISSUER_HEADER = "X-Issuer"
ADDRESS_HEADER = "X-Client-Address"
_MAX_NONCE = 512
#: RFC 7636 section 4.2: base64url of a SHA-256 digest.
_CODE_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_UNSUPPORTED = {
    "request": "request_not_supported",
    "request_uri": "request_uri_not_supported",
    "registration": "registration_not_supported",
}


class ClientValidator(OAuth2Validator):
    """Keeps nothing of a request: one object serves all of them.

    A client is django-oauth-toolkit's application, as oauthlib's ``request.client``, with our row
    beside it. ``request.authorization`` is set once a code or refresh token was found.
    """

    # --- The client -------------------------------------------------------------------------------

    def _load_application(self, client_id: Any, request: Any) -> Any:
        """Find the client with our row and our application. One query in a request."""
        found = request.client
        if isinstance(found, get_application_model()):
            return found if found.client_id == client_id else None
        # A parameter of the request may be called "client".
        request.client = None
        if isinstance(client_id, str) and is_plain(client_id):
            client = queries.client(client_id)
            request.client = None if client is None else client.oauth_application
        return request.client

    def client_authentication_required(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        if basic_credentials(request) is not None or request.client_secret:
            return True
        client = self._load_application(request.client_id, request)
        return client is None or not client.azuread_client.is_public

    @sensitive_variables("secret")
    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        """Check the client's secret, sent by Basic or in the body (RFC 6749 section 2.3.1).

        Raises ``TooManyFailures``.
        """
        basic = basic_credentials(request)
        client_id, secret = basic or (request.client_id, request.client_secret)
        address = _address(request)
        if wait := failed_authentication.seconds_to_wait(client_id, address):
            raise TooManyFailures(wait)
        client = self._load_application(client_id, request)
        if not (reason := why_not(request, client, client_id, secret)):
            return True
        if failed_authentication.count(client_id, address):
            reason = "too_many_failures"
        application = client.azuread_client.application if client else None
        client_log.record_refused_client(reason, application, address)
        return False

    def authenticate_client_id(
        self, client_id: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """Accept a public client by its ID alone."""
        client = self._load_application(client_id, request)
        return client is not None and client.azuread_client.is_public

    def validate_grant_type(
        self, client_id: Any, grant_type: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        request.authorization = request.target = None
        if grant_type not in client.azuread_client.grant_types:
            raise _not_allowed(grant_type, request)
        if grant_type == "client_credentials":
            request.target = _find_target(client.azuread_client, request, for_itself=True)
        return True

    # --- The authorization request ----------------------------------------------------------------

    def validate_client_id(self, client_id: Any, request: Any, *args: Any, **kwargs: Any) -> bool:
        if self._load_application(client_id, request) is not None:
            return True
        client_log.record_refused_client("client_unknown", None, _address(request))
        return False

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
            "redirect_uri_not_listed", application, _address(request), detail=redirect_uri
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
            raise _not_allowed("authorization_code", request)
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
        request.target = _find_target(client.azuread_client, request, for_itself=False)
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

    # --- A code -----------------------------------------------------------------------------------

    @sensitive_variables("code")
    def validate_code(
        self, client_id: Any, code: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        found = tokens.find_code(client.azuread_client, code)
        if found is None:
            return False
        if found.code_used_at is None and request.code_verifier and not found.code_challenge:
            return False  # RFC 9700 section 4.8.2: somebody took the challenge out
        return self._accept_code(found, "An authorization code", request)

    def _accept_code(self, found: Authorization, what: str, request: Any) -> bool:
        """Judge the person of a code, who has agreed a moment ago, and take what they agreed to."""
        if found.code_used_at is not None:
            found.revoke()  # RFC 6749 section 4.1.2
            client_log.record_reuse(what, found, _address(request))
            return False
        if found.is_code_expired(timezone.now()) or not _is_person_valid(found, request):
            return False
        granted = _scopes_today(found, request)
        if granted is None:
            return False
        _check_target(request, found)
        request.authorization = found
        request.user, request.scopes = found.user, granted
        return True

    def get_code_challenge(self, code: str, request: Any) -> str | None:
        return request.authorization.code_challenge or None

    def get_code_challenge_method(self, code: str, request: Any) -> str:
        return "S256"

    def confirm_redirect_uri(
        self, client_id: Any, code: str, redirect_uri: str, client: Any, request: Any, **kwargs: Any
    ) -> bool:
        if redirect_uri != request.authorization.redirect_uri:
            # Not oauthlib's "invalid_request": RFC 6749 section 5.2.
            raise errors.InvalidGrantError(
                "redirect_uri is not that of the authorization request.", request=request
            )
        return True

    def get_authorization_code_nonce(
        self, client_id: Any, code: str, redirect_uri: str, request: Any
    ) -> str | None:
        return request.authorization.nonce or None

    def invalidate_authorization_code(
        self, client_id: Any, code: str, request: Any, *args: Any, **kwargs: Any
    ) -> None:
        """It was marked as used with the tokens, in one transaction."""

    # --- A device code ----------------------------------------------------------------------------

    def find_target_of_device(self, request: Any) -> None:
        """Find the API that a device asks for, before its person has agreed to anything."""
        request.target = _find_target(request.client.azuread_client, request, for_itself=False)

    @sensitive_variables("device_code")
    def validate_device_code(
        self, client_id: Any, device_code: str, request: Any, *args: Any, **kwargs: Any
    ) -> str | None:
        """Return oauthlib's word for how far a device is; None for a code that is not valid."""
        found = device_codes.find(request.client.azuread_client, device_code)
        if found is None:
            return None
        status = device_codes.poll(found, timezone.now())
        if found.authorization is None or status != DeviceCodeGrant.DEVICE_CODE_AUTHORIZED:
            return status
        return status if self._accept_code(found.authorization, "A device code", request) else None

    # --- A refresh token --------------------------------------------------------------------------

    @sensitive_variables("refresh_token")
    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """Judge the person again. A token that was used before ends its whole family."""
        found = tokens.find_refresh_token(client.azuread_client, refresh_token)
        if found is None:
            return False
        authorization = tokens.find_family(found.token_family)
        if authorization is None or authorization.revoked_at is not None:
            return False
        now = timezone.now()
        if found.revoked is not None:
            authorization.revoke()
            client_log.record_reuse("A refresh token", authorization, _address(request))
            return False
        is_over = (
            found.created + lifetimes.unused_refresh_token(authorization.client) <= now
            or authorization.created_at + lifetimes.refresh_token(authorization.client) <= now
        )
        if is_over:
            client_log.log_expired(authorization)
        elif not _is_person_valid(authorization, request):
            endings.end([authorization])
            return False
        granted = None if is_over else _scopes_today(authorization, request)
        if granted is None:
            authorization.revoke()
            return False
        request.scopes_today = granted
        _check_target(request, authorization)
        request.authorization, request.refresh_token_instance = authorization, found
        request.user = authorization.user
        return True

    def get_original_scopes(self, refresh_token: str, request: Any, **kwargs: Any) -> list[str]:
        granted: list[str] = request.scopes_today
        return granted

    def rotate_refresh_token(self, request: Any) -> bool:
        return True

    # --- Tokens -----------------------------------------------------------------------------------

    @sensitive_variables("token")
    def save_bearer_token(self, token: Any, request: Any, *args: Any, **kwargs: Any) -> None:
        """Store the tokens, and use up the code or the refresh token for them."""
        if request.grant_type == "client_credentials":
            tokens.issue_for_client(token, request.client)
            return
        try:
            if request.grant_type == "refresh_token":
                tokens.issue_for_refresh(
                    token, request.client, request.authorization, request.refresh_token_instance
                )
            else:
                tokens.issue_for_code(token, request.client, request.authorization)
                client_log.log_signed_in(request.authorization)
        except tokens.AlreadyUsed:
            # As one that is used a second time.
            request.authorization.revoke()
            client_log.record_reuse(
                "A code or refresh token", request.authorization, _address(request)
            )
            raise errors.InvalidGrantError(request=request) from None

    def access_token_seconds(self, request: Any) -> int:
        """Return how long the access token for a request lasts."""
        return int(lifetimes.access_token(_api_of(request)).total_seconds())

    def access_token(self, request: Any) -> str | None:
        """Return the access token for an API (RFC 9068), or None where the request is for none."""
        authorization: Authorization | None = request.authorization
        api = _api_of(request)
        if api is None:
            return None
        issuer, now = request.headers[ISSUER_HEADER], int(time.time())
        about: dict[str, Any] = {"sub": request.client.client_id}
        if authorization is not None:
            person = claims.person_claims(authorization, ())
            about = {**person, **claims.session_claims(authorization)}
        is_for_userinfo = scopes.OPENID in request.scopes
        return keys.sign(
            {
                **about,
                "iss": issuer,
                "aud": [api.identifier, f"{issuer}userinfo"] if is_for_userinfo else api.identifier,
                "client_id": request.client.client_id,
                "scope": " ".join(request.scopes),
                "iat": now,
                "exp": now + self.access_token_seconds(request),
                "jti": str(uuid.uuid4()),
            },
            typ=keys.TYP_AT_JWT,
        )

    def finalize_id_token(
        self, id_token: dict[str, Any], token: Any, token_handler: Any, request: Any
    ) -> str:
        authorization: Authorization = request.authorization
        return keys.sign(
            {
                "iss": request.headers[ISSUER_HEADER],
                **claims.person_claims(authorization, request.scopes),
                **id_token,
                **claims.session_claims(authorization),
                "aud": request.client.client_id,
                "exp": id_token["iat"] + authorization.client.id_token_lifetime,
                "jti": str(uuid.uuid4()),
            }
        )

    @sensitive_variables("token")
    def revoke_token(
        self, token: str, token_type_hint: Any, request: Any, *args: Any, **kwargs: Any
    ) -> None:
        tokens.revoke(request.client.azuread_client, token)


def _find_target(client: OAuthClient, request: Any, *, for_itself: bool) -> Target | None:
    """Return the API that a request names, or None if it names none."""
    try:
        identifier = apis.target_name(request._params)
        return apis.find_target(client, identifier, for_itself=for_itself) if identifier else None
    except apis.InvalidTarget:
        raise _invalid_target(request) from None


def _api_of(request: Any) -> API | None:
    """Return the API that a token request is for, or None if it is for none."""
    authorization: Authorization | None = request.authorization
    target: Target | None = request.target
    return authorization.api if authorization else target.api if target else None


def _address(request: Any) -> str | None:
    return request.headers.get(ADDRESS_HEADER) or None


def _is_person_valid(authorization: Authorization, request: Any) -> bool:
    """Return whether the person may still use the client, at this moment; log why not."""
    if judge.is_valid(authorization, recheck=True):
        return True
    if authorization.revoked_at is None:
        reason = judge.why_refused(authorization)
        client_log.record_refused_tokens(reason, authorization, _address(request))
    return False


def _scopes_today(authorization: Authorization, request: Any) -> list[str] | None:
    """Return the scopes that the client can still be given; log it if there are none."""
    granted = _find_scopes_today(authorization)
    if granted is None:
        client_log.record_refused_tokens("grant_withdrawn", authorization, _address(request))
    return granted


def _find_scopes_today(authorization: Authorization) -> list[str] | None:
    """Return the scopes that the client can still be given, or None if it can be given none.

    Since the person signed in, an administrator can have taken the API or its scopes from the
    client, and the person's consent can have been withdrawn.
    """
    client, granted = authorization.client, authorization.scopes
    if not client.is_first_party:
        given = ClientConsent.objects.filter(client=client, user=authorization.user)
        if not given.exists():
            return None
    if authorization.api is None:
        return granted
    try:
        target = apis.find_target(client, authorization.api.identifier, for_itself=False)
    except apis.InvalidTarget:
        return None
    return [name for name in granted if name in scopes.DESCRIPTIONS or name in target.scopes]


def _check_target(request: Any, authorization: Authorization) -> None:
    """Refuse a code or refresh token for another API than the one it was given for."""
    try:
        named = apis.target_name(request._params)
    except apis.InvalidTarget:
        raise _invalid_target(request) from None
    if named and (authorization.api is None or named != authorization.api.identifier):
        raise _invalid_target(request)


def _invalid_target(request: Any) -> errors.OAuth2Error:
    return errors.CustomOAuth2Error(
        "invalid_target", "The API is unknown, or not granted to the client.", request=request
    )


def _not_allowed(grant_type: str, request: Any) -> errors.OAuth2Error:
    return errors.UnauthorizedClientError(
        f"Grant type '{grant_type}' not allowed for the client.", request=request
    )


def _invalid(description: str, request: Any) -> errors.OAuth2Error:
    return errors.InvalidRequestError(description, request=request)
