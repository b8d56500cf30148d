"""The authorization request and the token endpoint.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from .cloud import V1, Authority
from .credentials import Credential
from .errors import MalformedResponse, MicrosoftError
from .frames import without_frame_variables
from .transport import Response, Secret, Transport, Value

#: `profile` adds `oid` and the names to the ID token, `email` the address.
_SIGN_IN_SCOPES = ("openid", "profile", "email")
#: Microsoft's codes have one or two kB.
MAX_CODE_LENGTH = 8192
_MAX_LIFETIME = 24 * 3600


@dataclass(frozen=True)
class AuthorizationRequest:
    """The parameters of an authorization request. Empty ones are left out."""

    client_id: str
    redirect_uri: str
    state: str
    nonce: str
    code_challenge: str
    graph_scopes: tuple[str, ...] = ()
    login_hint: str = ""
    domain_hint: str = ""
    prompt: str = ""
    max_age: str = ""
    claims: str = field(default="", repr=False)


@dataclass(frozen=True)
class CodeGrant:
    """An authorization code, and the values that are needed to redeem it."""

    client_id: str
    credential: Credential
    code: str = field(repr=False)
    redirect_uri: str
    code_verifier: str = field(repr=False)
    graph_scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TokenResponse:
    """The tokens of a sign-in. The access token is opaque: it is never parsed.

    ``scopes``: the granted ones, without the resource as prefix. They can be more than requested.
    """

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class AppToken:
    """An access token of the app itself. ``expires_in``: seconds."""

    access_token: str = field(repr=False)
    expires_in: int


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
        "prompt": request.prompt,
        "max_age": request.max_age,
        "claims": request.claims,
        **_requested_access(authority, request.graph_scopes),
    }
    given = {name: value for name, value in parameters.items() if value}
    return f"{authority.authorize_url}?{urlencode(given)}"


@without_frame_variables
def redeem_code(transport: Transport, authority: Authority, grant: CodeGrant) -> TokenResponse:
    """Exchange an authorization code for tokens, in one request.

    Raises ``CredentialRejected``, ``CodeNotAccepted``, ``ConsentRequired`` and other
    ``MicrosoftError``; ``MalformedResponse``; ``Unreachable``.
    """
    answer = transport.post(
        authority.token_url,
        {
            "grant_type": "authorization_code",
            **_client(authority, grant.client_id, grant.credential),
            "code": Secret(grant.code),
            "redirect_uri": grant.redirect_uri,
            "code_verifier": Secret(grant.code_verifier),
            **_requested_access(authority, grant.graph_scopes),
        },
    )
    document = _success(answer)
    return TokenResponse(
        id_token=_required_text(document, "id_token"),
        access_token=_required_text(document, "access_token"),
        scopes=_granted(document),
    )


@without_frame_variables
def request_app_token(
    transport: Transport, authority: Authority, client_id: str, credential: Credential
) -> AppToken:
    """Return a token for Graph with the app's own permissions (client credentials).

    ``authority`` must be of one directory, never ``common``. Raises as ``redeem_code``.
    """
    resource = authority.cloud.graph_resource
    asked = (
        {"resource": resource}
        if authority.identity_api == V1
        else {"scope": f"{resource}/.default"}
    )
    answer = transport.post(
        authority.token_url,
        {
            "grant_type": "client_credentials",
            **_client(authority, client_id, credential),
            **asked,
        },
    )
    document = _success(answer)
    return AppToken(_required_text(document, "access_token"), _seconds(document))


def logout_url(
    authority: Authority, *, redirect_uri: str, state: str, logout_hint: str = ""
) -> str:
    """Return the address that ends a person's session at Microsoft.

    OpenID Connect RP-Initiated Logout 1.0 section 2. Microsoft redirects only to a registered
    redirect URI.
    """
    parameters = {"post_logout_redirect_uri": redirect_uri, "state": state}
    if logout_hint:
        parameters["logout_hint"] = logout_hint
    return f"{authority.logout_url}?{urlencode(parameters)}"


def admin_consent_url(
    authority: Authority, *, client_id: str, redirect_uri: str, state: str
) -> str:
    """Return the page on which an administrator grants the permissions of the registration.

    https://learn.microsoft.com/entra/identity-platform/v2-admin-consent
    """
    parameters = {"client_id": client_id, "redirect_uri": redirect_uri, "state": state}
    if authority.identity_api != V1:
        parameters["scope"] = f"{authority.cloud.graph_resource}/.default"
    return f"{authority.admin_consent_url}?{urlencode(parameters)}"


def _client(authority: Authority, client_id: str, credential: Credential) -> dict[str, Value]:
    """Return the parameters that name and authenticate the client."""
    proof = credential.parameters(client_id=client_id, token_url=authority.token_url)
    return {"client_id": client_id, **proof}


def _requested_access(authority: Authority, graph_scopes: tuple[str, ...]) -> dict[str, str]:
    """v2.0 takes scopes. v1.0 takes a resource; its scope only makes it sign the ID token."""
    resource = authority.cloud.graph_resource
    if authority.identity_api == V1:
        return {"resource": resource, "scope": "openid"}
    return {
        "scope": " ".join((*_SIGN_IN_SCOPES, *(f"{resource}/{scope}" for scope in graph_scopes)))
    }


def _success(answer: Response) -> dict[str, Any]:
    document = answer.json()
    if answer.status != 200:
        raise MicrosoftError.from_response(document, retry_after=answer.retry_after)
    return document


def _granted(document: Mapping[str, Any]) -> frozenset[str]:
    scope = document.get("scope")
    words = scope.split() if isinstance(scope, str) else []
    return frozenset(word.rpartition("/")[2] for word in words[:100])


def _seconds(document: Mapping[str, Any]) -> int:
    # v1.0 sends numbers as strings.
    value = document.get("expires_in")
    if isinstance(value, str) and value.isdecimal() and len(value) < 10:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    return min(max(value, 0), _MAX_LIFETIME)


def _required_text(document: Mapping[str, Any], member: str) -> str:
    value = document.get(member)
    # RFC 6749 appendix A.12: printable ASCII. Other characters are not valid in a header.
    if not isinstance(value, str) or not value or not (value.isascii() and value.isprintable()):
        raise MalformedResponse(f"Microsoft's token response has no valid {member}.")
    return value
