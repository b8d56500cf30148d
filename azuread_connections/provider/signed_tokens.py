"""The tokens that clients and APIs read themselves: ID tokens, and access tokens for an API."""

from __future__ import annotations

import time
import uuid
from typing import Any

from . import claims, keys, lifetimes, scopes
from .headers import issuer_of
from .models import Authorization
from .targets import api_of


def access_token_seconds(request: Any) -> int:
    """Return how long the access token for a request lasts."""
    return int(lifetimes.access_token(api_of(request)).total_seconds())


def access_token(request: Any) -> str | None:
    """Return the access token for an API (RFC 9068), or None where the request is for none."""
    authorization: Authorization | None = request.authorization
    api = api_of(request)
    if api is None:
        return None
    issuer, now = issuer_of(request), int(time.time())
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
            "exp": now + access_token_seconds(request),
            "jti": str(uuid.uuid4()),
        },
        typ=keys.TYP_AT_JWT,
    )


def id_token(begun: dict[str, Any], request: Any) -> str:
    """Return the ID token. ``begun``: the claims that oauthlib knows."""
    authorization: Authorization = request.authorization
    return keys.sign(
        {
            "iss": issuer_of(request),
            **claims.person_claims(authorization, request.scopes),
            **begun,
            **claims.session_claims(authorization),
            "aud": request.client.client_id,
            "exp": begun["iat"] + authorization.client.id_token_lifetime,
            "jti": str(uuid.uuid4()),
        }
    )
