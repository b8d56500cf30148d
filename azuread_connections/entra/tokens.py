"""The authorization request and the token endpoint.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from .cloud import V1, Authority
from .errors import MalformedAnswer, MicrosoftError
from .transport import Transport

#: `oid` and the names come with `profile`, the address with `email`.
_V2_SCOPE = "openid profile email"
#: Microsoft's codes are one or two kB.
MAX_CODE_LENGTH = 8192


@dataclass(frozen=True)
class AuthorizationRequest:
    """What a browser takes to Microsoft. Hints are left out where empty."""

    client_id: str
    redirect_uri: str
    state: str
    nonce: str
    code_challenge: str
    login_hint: str = ""
    domain_hint: str = ""


@dataclass(frozen=True)
class CodeGrant:
    """An authorization code and all that proves that it is ours to redeem."""

    client_id: str
    client_secret: str = field(repr=False)
    code: str = field(repr=False)
    redirect_uri: str
    code_verifier: str = field(repr=False)


@dataclass(frozen=True)
class TokenResponse:
    """What the token endpoint grants. The access token is opaque: it is never parsed."""

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)


def authorization_url(authority: Authority, request: AuthorizationRequest) -> str:
    """Return the address that begins a sign-in at Microsoft, with PKCE S256 (RFC 7636)."""
    parameters = {
        "client_id": request.client_id,
        "response_type": "code",
        "response_mode": "query",
        "redirect_uri": request.redirect_uri,
        "state": request.state,
        "nonce": request.nonce,
        "code_challenge": request.code_challenge,
        "code_challenge_method": "S256",
        "login_hint": request.login_hint,
        "domain_hint": request.domain_hint,
        **_what_is_asked(authority),
    }
    given = {name: value for name, value in parameters.items() if value}
    return f"{authority.authorize_url}?{urlencode(given)}"


def redeem_code(transport: Transport, authority: Authority, grant: CodeGrant) -> TokenResponse:
    """Exchange an authorization code for tokens, in one request.

    Raises ``SecretRejected``, ``CodeNotAccepted``, ``ConsentRequired`` and other
    ``MicrosoftError``; ``MalformedAnswer``; ``Unreachable``.
    """
    answer = transport.post(
        authority.token_url,
        {
            "grant_type": "authorization_code",
            "client_id": grant.client_id,
            "client_secret": grant.client_secret,
            "code": grant.code,
            "redirect_uri": grant.redirect_uri,
            "code_verifier": grant.code_verifier,
            **_what_is_asked(authority),
        },
    )
    document = answer.json()
    if answer.status != 200:
        raise MicrosoftError.from_answer(document)
    return TokenResponse(
        id_token=_required_text(document, "id_token"),
        access_token=_required_text(document, "access_token"),
    )


def _what_is_asked(authority: Authority) -> dict[str, str]:
    """v2.0 asks by scope, v1.0 by resource: there, the scope's one effect is a signed ID token."""
    if authority.identity_api == V1:
        return {"resource": authority.cloud.graph_url, "scope": "openid"}
    return {"scope": _V2_SCOPE}


def _required_text(document: Mapping[str, Any], member: str) -> str:
    value = document.get(member)
    if not isinstance(value, str) or not value:
        raise MalformedAnswer(f"Microsoft's token answer has no {member}.")
    return value
