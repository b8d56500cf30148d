"""From the authorization code to a validated ID token: the part of a sign-in that talks to
Microsoft."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils import timezone

from ...entra.cloud import COMMON, Authority
from ...entra.errors import CodeNotAccepted, MicrosoftError, SecretRejected
from ...entra.id_token import IdTokenClaims, IdTokenPolicy, validate_id_token
from ...entra.tokens import CodeGrant, TokenResponse, redeem_code
from ...microsoft import client as microsoft
from ...microsoft.permissions import delegated_scopes
from ...models import ClientSecret, Connection
from ...models.expiry import day_of
from ...models.secret import NoUsableSecret, readable_secrets
from ..log import events
from ..log.failures import SignInFailed, from_entra
from ..lookup.enabled import OwnDomain


class SecretSuperseded(Exception):
    """One secret was refused, and the code was spent by then: another sign-in will succeed."""


@dataclass
class Redemption:
    """What is known of a code's redemption. ``is_proven``: see ``SignInFailed``."""

    is_proven: bool = False


@dataclass(frozen=True)
class CodeExchange:
    """What redeems one authorization code."""

    connection: Connection
    tenant: str  # as it was in the address that issued the code (AADSTS700005)
    redirect_uri: str
    code: str = field(repr=False)
    code_verifier: str = field(repr=False)
    nonce: str = field(repr=False)
    known_scopes: str = ""  # what the connection's own directory has granted so far
    issuers: tuple[str, ...] = ()  # that came with the code (RFC 9207)
    secrets: tuple[ClientSecret, ...] = ()  # of the connection, where they were just read
    redemption: Redemption = field(default_factory=Redemption, compare=False)
    own_domain: OwnDomain | None = None  # of the connection, where it was just read

    def authority(self, tenant: str) -> Authority:
        connection = self.connection
        return microsoft.authority(connection.cloud, tenant, connection.identity_api)


def redeem(exchange: CodeExchange) -> TokenResponse:
    """Redeem the code with the newest secret that works.

    A refused secret is followed at once by the next, with the same code. Raises ``EntraError``,
    ``SecretSuperseded`` and ``SignInFailed`` (no secret that can be used).
    """
    refusal: SecretRejected | None = None
    refused: list[ClientSecret] = []
    reference = ""
    for secret in _secrets(exchange):
        try:
            tokens = _redeem_with(exchange, secret)
        except SecretRejected as error:
            secret.record_refusal()
            reference = reference or events.new_reference()
            events.record_secret_refused(exchange.connection, secret, error, reference)
            refused.append(secret)
            refusal = error
        except CodeNotAccepted:
            if refusal is None:
                raise
            raise SecretSuperseded from None
        else:
            secret.record_success()
            return tokens
    if refusal is None:
        raise SignInFailed("secret_rejected")
    raise _all_refused(refused, refusal, reference) from refusal


def validate(exchange: CodeExchange, tokens: TokenResponse) -> IdTokenClaims:
    """Validate the ID token for this exchange. Raises ``EntraError``."""
    connection = exchange.connection
    common = connection.use_common_endpoint
    authority = exchange.authority(COMMON if common else connection.tenant_id)
    keys = microsoft.signing_keys()
    app_keys_url = authority.app_keys_url(connection.client_id)
    return validate_id_token(
        tokens.id_token,
        policy=IdTokenPolicy(
            authority=authority,
            client_id=connection.client_id,
            tenant_id=None if common else connection.tenant_id,
            nonce=exchange.nonce,
            named_issuers=exchange.issuers,
        ),
        find_key=lambda key_id: keys.find(authority.keys_url, key_id, app_keys_url),
        access_token=tokens.access_token,
        now=time.time(),
    )


def _all_refused(
    refused: list[ClientSecret], refusal: SecretRejected, reference: str
) -> SignInFailed:
    """Return the failure that says which secrets, since when, and what to do."""
    failed = from_entra(refusal)
    which = "; ".join(f"{secret}, {_history(secret)}" for secret in refused)
    failed.summary = (
        f"Microsoft refuses the connection's client secret {which}. No other can be used: make a "
        "new one in Azure."
    )
    # That of the refusal, too, if it has a row of its own: both are found by what the person reads.
    failed.reference = reference
    return failed


def _history(secret: ClientSecret) -> str:
    """Say since when a secret may have been useless."""
    accepted = secret.last_success_at
    last = f"last accepted on {day_of(accepted)}" if accepted else "never accepted so far"
    if secret.expires_at is None:
        return f"without a recorded expiry date, {last}"
    day = day_of(secret.expires_at)
    if not secret.is_expired():
        return f"expires on {day}, {last}"
    days = (day_of(timezone.now()) - day).days
    return f"expired on {day} ({days} day{'' if days == 1 else 's'} ago), {last}"


def _secrets(exchange: CodeExchange) -> Iterator[ClientSecret]:
    try:
        yield from readable_secrets(exchange.connection, exchange.secrets)
    except NoUsableSecret as error:
        raise SignInFailed("secret_rejected", detail=str(error)) from error


def _redeem_with(exchange: CodeExchange, secret: ClientSecret) -> TokenResponse:
    try:
        tokens = redeem_code(
            microsoft.transport(),
            exchange.authority(exchange.tenant),
            CodeGrant(
                client_id=exchange.connection.client_id,
                credential=secret.credential,
                code=exchange.code,
                redirect_uri=exchange.redirect_uri,
                code_verifier=exchange.code_verifier,
                graph_scopes=delegated_scopes(exchange.connection),
            ),
        )
    except MicrosoftError as error:
        # A made-up code is refused as such: that anybody can have.
        exchange.redemption.is_proven = not isinstance(error, CodeNotAccepted)
        raise
    exchange.redemption.is_proven = True
    return tokens
