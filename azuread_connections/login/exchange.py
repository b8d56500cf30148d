"""From the authorization code to a validated ID token: the part of a sign-in that talks to
Microsoft."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from .. import microsoft
from ..entra.cloud import Authority
from ..entra.errors import CodeNotAccepted, SecretRejected
from ..entra.id_token import IdTokenClaims, IdTokenPolicy, validate_id_token
from ..entra.tokens import CodeGrant, TokenResponse, redeem_code
from ..models import ClientSecret, Connection, UndecryptableError
from ..models.secret import in_order_of_use
from . import events
from .failures import SignInFailed

#: More secrets than a rotation needs are not tried: each costs a request.
_MAX_SECRETS = 4


class SecretSuperseded(Exception):
    """One secret was refused, and the code was spent by then: another sign-in will succeed."""


@dataclass(frozen=True)
class CodeExchange:
    """What redeems one authorization code."""

    connection: Connection
    tenant: str  # as it was in the address that issued the code (AADSTS700005)
    redirect_uri: str
    code: str = field(repr=False)
    code_verifier: str = field(repr=False)
    nonce: str = field(repr=False)

    def authority(self, tenant: str) -> Authority:
        connection = self.connection
        return microsoft.authority(connection.cloud, tenant, connection.identity_api)


def redeem(exchange: CodeExchange) -> TokenResponse:
    """Redeem the code with the newest secret that works.

    A refused secret is followed at once by the next, with the same code. Raises ``EntraError``,
    ``SecretSuperseded`` and ``SignInFailed`` (no secret that can be used).
    """
    refusal: SecretRejected | None = None
    for secret, value in _readable_secrets(exchange.connection):
        try:
            tokens = _redeem_with(exchange, value)
        except SecretRejected as error:
            secret.record_refusal()
            events.record_secret_refused(exchange.connection, secret, error)
            refusal = error
        except CodeNotAccepted:
            if refusal is None:
                raise
            raise SecretSuperseded from None
        else:
            secret.record_success()
            return tokens
    raise refusal or SignInFailed("secret_rejected", detail="The connection has no client secret.")


def validate(exchange: CodeExchange, tokens: TokenResponse) -> IdTokenClaims:
    """Validate the ID token for this exchange. Raises ``EntraError``."""
    authority = exchange.authority(exchange.connection.tenant_id)
    keys = microsoft.signing_keys()
    return validate_id_token(
        tokens.id_token,
        policy=IdTokenPolicy(
            authority=authority,
            client_id=exchange.connection.client_id,
            tenant_id=exchange.connection.tenant_id,
            nonce=exchange.nonce,
        ),
        find_key=lambda key_id: keys.find(authority.keys_url, key_id),
        access_token=tokens.access_token,
        now=time.time(),
    )


def _readable_secrets(connection: Connection) -> Iterator[tuple[ClientSecret, str]]:
    """Yield secrets with their values, in the order of use.

    Those that no key opens are passed over; if that leaves none, it is said.
    """
    unreadable: UndecryptableError | None = None
    readable = 0
    for secret in in_order_of_use(list(connection.secrets.all()))[:_MAX_SECRETS]:
        try:
            value = secret.value.reveal()
        except UndecryptableError as error:
            unreadable = error
            continue
        readable += 1
        yield secret, value
    if unreadable is not None and not readable:
        raise SignInFailed("secret_rejected", detail=str(unreadable))


def _redeem_with(exchange: CodeExchange, client_secret: str) -> TokenResponse:
    return redeem_code(
        microsoft.transport(),
        exchange.authority(exchange.tenant),
        CodeGrant(
            client_id=exchange.connection.client_id,
            client_secret=client_secret,
            code=exchange.code,
            redirect_uri=exchange.redirect_uri,
            code_verifier=exchange.code_verifier,
        ),
    )
