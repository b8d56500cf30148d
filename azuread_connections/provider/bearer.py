"""Validates this site's own access tokens for its own APIs: see ``bearer``."""

from __future__ import annotations

import time
from typing import Any

from django.http import HttpRequest

from ..bearer.callers import AccessTokenAuth
from ..bearer.issuers import ISSUERS, Issuer
from ..bearer.refusals import TokenRefused
from . import apis, judge, keys, queries, tokens
from .issuer import issuer
from .models import API, Authorization, OAuthClient


def accept_own_tokens() -> None:
    ISSUERS["azuread_provider"] = Issuer(issuer, validate)


def validate(
    token: str, request: HttpRequest, identifiers: frozenset[str]
) -> tuple[Any | None, AccessTokenAuth]:
    """Return the user, None for a client's own token, and what the token says. RFC 9068 section 4.

    ``identifiers``: of the APIs that this site serves. Raises ``TokenRefused``.
    """
    claims = keys.verify_access_token(token)
    if claims is None:
        raise _refused("it is not an access token that this site has signed")
    if claims.get("iss") != issuer(request):
        raise _refused("it is of another issuer (iss)")
    named = claims.get("aud")
    audiences = set(named if isinstance(named, list) else [named]) & identifiers
    api = API.objects.filter(identifier__in=audiences).first() if audiences else None
    if api is None:
        raise TokenRefused("audience_unknown", "The token is for another API (aud).")
    if claims["exp"] <= time.time():
        raise _refused("it has expired (exp)")
    row = tokens.find_access_token(token)
    if row is None or row.is_expired():
        raise _refused("it has ended, or was replaced by a newer one")
    if row.user_id is None:
        return None, _of_client(row, claims, api)
    return _of_person(token, claims, api)


def _of_person(token: str, claims: dict[str, Any], api: API) -> tuple[Any | None, AccessTokenAuth]:
    authorization = queries.authorization_by_access_token(tokens.token_digest(token))
    if authorization is None or authorization.api_id != api.pk:
        raise _refused("it has ended, or was replaced by a newer one")
    if not judge.is_valid(authorization, recheck=True):
        raise TokenRefused(
            "person_revoked",
            "The person may no longer use this site as they did.",
            authorization.connection,
            authorization.identity,
        )
    scopes = judge.scopes_today(authorization)
    if scopes is None:
        raise TokenRefused(
            "person_revoked",
            "The consent, or the grant of the client, was withdrawn.",
            authorization.connection,
            authorization.identity,
        )
    granted = frozenset(scopes) & frozenset(str(claims["scope"]).split())
    return authorization.user, _auth(claims, api, scopes=granted, authorization=authorization)


def _of_client(row: Any, claims: dict[str, Any], api: API) -> AccessTokenAuth:
    """What a client may do for itself is the roles of an application: see ``rest_framework``."""
    client = OAuthClient.objects.filter(oauth_application=row.application_id).first()
    possible = client and apis.possible_scopes(client, api, for_itself=True)
    if not possible:
        raise _refused("the client has no grant for this API any more")
    return _auth(claims, api, roles=possible & frozenset(row.scope.split()))


def _auth(
    claims: dict[str, Any],
    api: API,
    *,
    scopes: frozenset[str] = frozenset(),
    roles: frozenset[str] = frozenset(),
    authorization: Authorization | None = None,
) -> AccessTokenAuth:
    identity = authorization.identity if authorization else None
    return AccessTokenAuth(
        issuer=claims["iss"],
        audience=api.identifier,
        client_id=claims["client_id"],
        is_app_only=authorization is None,
        scopes=scopes,
        roles=roles,
        tenant_id=identity.tenant_id if identity else "",
        object_id=identity.object_id if identity else "",
        connection=authorization.connection_id if authorization else None,
        issued_at=claims["iat"],
        expires_at=claims["exp"],
    )


def _refused(reason: str) -> TokenRefused:
    return TokenRefused("token_invalid", f"The access token is refused: {reason}.")
