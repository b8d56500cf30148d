"""The API that a request of oauthlib's is for, with the errors of RFC 8707."""

from __future__ import annotations

from typing import Any

from oauthlib.oauth2.rfc6749 import errors

from . import apis
from .apis import Target
from .models import API, Authorization, OAuthClient


def find_target(client: OAuthClient, request: Any, *, for_itself: bool) -> Target | None:
    """Return the API that a request names, or None if it names none."""
    try:
        identifier = apis.target_name(request._params)
        return apis.find_target(client, identifier, for_itself=for_itself) if identifier else None
    except apis.InvalidTarget:
        raise _invalid_target(request) from None


def api_of(request: Any) -> API | None:
    """Return the API that a token request is for, or None if it is for none."""
    authorization: Authorization | None = request.authorization
    target: Target | None = request.target
    return authorization.api if authorization else target.api if target else None


def check_target(request: Any, authorization: Authorization) -> None:
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
