"""oauthlib's server with exactly the grants that are offered, and the way to it from Django."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables
from oauthlib.common import Request, urlencode
from oauthlib.oauth2 import (
    AuthorizationEndpoint,
    ClientCredentialsGrant,
    RevocationEndpoint,
    TokenEndpoint,
)
from oauthlib.oauth2.rfc6749.errors import FatalClientError, InvalidRequestError, OAuth2Error
from oauthlib.oauth2.rfc6749.tokens import BearerToken
from oauthlib.openid.connect.core.grant_types import AuthorizationCodeGrant, RefreshTokenGrant

from ..models import Application
from . import scopes
from .device_grant import GRANT_TYPE as DEVICE_CODE
from .device_grant import DeviceCodeGrant
from .headers import headers_of
from .models import API, OAuthClient
from .signed_tokens import access_token, access_token_seconds
from .validator import ClientValidator

#: More than any client sends to the token endpoint.
_MAX_JSON = 20_000


class Tokens(BearerToken):
    """A JWT for an API, an opaque token otherwise; a refresh token only for a client that may use
    one and asked for it."""

    def create_token(self, request: Any, refresh_token: bool = False, **kwargs: Any) -> Any:
        wants_refresh = scopes.OFFLINE_ACCESS in (request.scopes or ())
        may_refresh = (
            Application.GrantType.REFRESH_TOKEN in request.client.azuread_client.grant_types
        )
        token = super().create_token(
            request, refresh_token=refresh_token and wants_refresh and may_refresh, **kwargs
        )
        if jwt := access_token(request):
            token["access_token"] = jwt
        return token


class Server(AuthorizationEndpoint, TokenEndpoint, RevocationEndpoint):
    """Every other response type or grant type is answered as unsupported."""

    def __init__(self, validator: ClientValidator) -> None:
        tokens = Tokens(validator, expires_in=access_token_seconds)
        code = AuthorizationCodeGrant(validator)
        AuthorizationEndpoint.__init__(
            self,
            default_response_type="code",
            response_types={"code": code},
            default_token_type=tokens,
        )
        TokenEndpoint.__init__(
            self,
            default_grant_type="authorization_code",
            grant_types={
                "authorization_code": code,
                "refresh_token": RefreshTokenGrant(validator),
                "client_credentials": ClientCredentialsGrant(validator),
                DEVICE_CODE: DeviceCodeGrant(validator),
            },
            default_token_type=tokens,
        )
        RevocationEndpoint.__init__(self, validator)
        self.valid_request_methods = ("GET", "POST")


@cache
def server() -> Server:
    """Return the server: nothing of a request is kept on it."""
    return Server(ClientValidator())


@dataclass(frozen=True)
class Response:
    """What oauthlib answers to a client."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)


class BadRequest(Exception):
    """A request with parameters in its address, with one given twice, or whose body is neither a
    form nor a JSON object of texts."""


@dataclass(frozen=True)
class AuthorizationRequest:
    """A valid authorization request: of a known client, to one of its own addresses."""

    client: OAuthClient
    redirect_uri: str
    scopes: list[str]
    state: str
    nonce: str
    code_challenge: str
    api: API | None
    response_mode: str


class RefusedRequest(Exception):
    """An authorization request with an error that the client is told by a redirect."""

    def __init__(self, error: OAuth2Error) -> None:
        super().__init__(error.error)
        self.client_id: str = error.client_id
        self.redirect_uri: str = error.redirect_uri
        self.response_mode: str = error.response_mode or ""
        self.state: str = error.state or ""
        self.error: str = error.error
        self.description: str = error.description


class UntrustedRequest(Exception):
    """An authorization request whose client or redirect URI is unknown: nobody is sent there."""


def check_authorization_request(
    request: HttpRequest, parameters: list[tuple[str, str]]
) -> AuthorizationRequest:
    """Return the request if it is valid. Raises ``UntrustedRequest`` and ``RefusedRequest``."""
    if len({name for name, _value in parameters}) < len(parameters):
        raise UntrustedRequest("A parameter is given twice.")  # RFC 6749 section 3.1
    try:
        granted, info = server().validate_authorization_request(
            f"{request.path}?{urlencode(parameters)}", "GET", None, headers_of(request)
        )
    except FatalClientError as error:
        raise UntrustedRequest(error.error, error.description) from error
    except OAuth2Error as error:
        raise RefusedRequest(error) from error
    asked = info["request"]
    return AuthorizationRequest(
        client=asked.client.azuread_client,
        redirect_uri=asked.redirect_uri,
        scopes=granted,
        state=asked.state or "",
        nonce=asked.nonce or "",
        code_challenge=asked.code_challenge or "",
        api=asked.target.api if asked.target else None,
        response_mode=asked.response_mode or "",
    )


@sensitive_variables("parameters")
def token_response(request: HttpRequest, parameters: list[tuple[str, str]]) -> Response:
    """Answer a token request."""
    if not dict(parameters).get("grant_type"):
        # oauthlib would say "unsupported_grant_type": RFC 6749 section 5.2.
        error = InvalidRequestError("Missing grant_type parameter.")
        return Response(error.status_code, error.json)
    try:
        headers, body, status = server().create_token_response(
            request.path, "POST", urlencode(parameters), headers_of(request)
        )
    except OAuth2Error as error:
        return Response(error.status_code, error.json)
    return Response(status, body or "", headers)


@dataclass(frozen=True)
class DeviceRequest:
    """A valid request of a device: by a client that may send devices."""

    client: OAuthClient
    scopes: list[str]
    api: API | None


class RefusedDevice(Exception):
    """A request of a device that is answered with an error."""

    def __init__(self, error: OAuth2Error) -> None:
        super().__init__(error.error)
        self.answer = Response(error.status_code, error.json, error.headers)


@sensitive_variables("parameters")
def check_device_request(request: HttpRequest, parameters: list[tuple[str, str]]) -> DeviceRequest:
    """Return what a device asks for (RFC 8628 section 3.1). Raises ``RefusedDevice``."""
    asked = Request(request.path, "POST", urlencode(parameters), headers_of(request))
    try:
        server().grant_types[DEVICE_CODE].validate_device_authorization_request(asked)
    except OAuth2Error as error:
        raise RefusedDevice(error) from error
    api = asked.target.api if asked.target else None
    return DeviceRequest(asked.client.azuread_client, asked.scopes, api)


@sensitive_variables("parameters")
def revocation_response(request: HttpRequest, parameters: list[tuple[str, str]]) -> Response:
    """Answer a revocation request (RFC 7009)."""
    headers, body, status = server().create_revocation_response(
        request.path, "POST", urlencode(parameters), headers_of(request)
    )
    return Response(status, body or "", headers)


@sensitive_variables("parameters")
def authenticated_client(
    request: HttpRequest, parameters: list[tuple[str, str]]
) -> OAuthClient | None:
    """Return the confidential client that a request proves to be from. Raises ``OAuth2Error``."""
    asked = Request(request.path, "POST", urlencode(parameters), headers_of(request))
    if not server().request_validator.authenticate_client(asked):
        return None
    found: OAuthClient = asked.client.azuread_client
    return found


def posted_parameters(request: HttpRequest) -> list[tuple[str, str]]:
    """Return what a client has posted, as a form or as a JSON object, as at Auth0.

    Raises ``BadRequest``.
    """
    if request.META.get("QUERY_STRING"):
        raise BadRequest  # codes and secrets in an address get into logs
    if request.content_type != "application/json":
        form = [(name, value) for name, values in request.POST.lists() for value in values]
        if len(form) > len(request.POST):
            raise BadRequest  # RFC 6749 section 3.2: no parameter more than once
        return form
    if len(request.body) > _MAX_JSON:
        raise BadRequest
    try:
        found = json.loads(request.body, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError):
        raise BadRequest from None
    if not isinstance(found, dict) or not all(map(_is_text, [*found, *found.values()])):
        raise BadRequest
    return list(found.items())


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object. Raises ``ValueError`` for a parameter that is there more than once."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _is_text(value: object) -> bool:
    """JSON can spell half of a surrogate pair, which nothing can encode."""
    return isinstance(value, str) and value.encode("utf-8", "replace").decode() == value
