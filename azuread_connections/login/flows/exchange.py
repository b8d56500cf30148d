"""Exchanges an authorization code for tokens, and validates the ID token."""

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
    """A secret was refused, and Microsoft no longer takes the code for the next one."""


@dataclass
class Redemption:
    """The state of a code's redemption. ``is_proven``: see ``SignInFailed``."""

    is_proven: bool = False


@dataclass(frozen=True)
class CodeExchange:
    """What is needed to redeem one authorization code and to validate its ID token."""

    connection: Connection
    tenant: str  # the tenant in the authorize address: the code is for no other (AADSTS700005)
    redirect_uri: str
    code: str = field(repr=False)
    code_verifier: str = field(repr=False)
    nonce: str = field(repr=False)
    known_scopes: str = ""  # what the connection's own directory has granted so far
    issuers: tuple[str, ...] = ()  # that came with the code (RFC 9207)
    secrets: tuple[ClientSecret, ...] = ()  # the connection's, if they were just read
    redemption: Redemption = field(default_factory=Redemption, compare=False)
    own_domain: OwnDomain | None = None  # the connection's, if it was just read

    def authority(self, tenant: str) -> Authority:
        connection = self.connection
        return microsoft.authority(connection.cloud, tenant, connection.identity_api)


def redeem(exchange: CodeExchange) -> TokenResponse:
    """Redeem the code with the newest secret that works.

    If Microsoft refuses a secret, the next is tried at once with the same code. Raises
    ``EntraError``, ``SecretSuperseded`` and ``SignInFailed`` (no usable secret).
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
    """Return the failure that names the refused secrets, their dates, and what to do."""
    failed = from_entra(refusal)
    which = "; ".join(f"{secret}, {_history(secret)}" for secret in refused)
    failed.summary = (
        f"Microsoft refuses the connection's client secret {which}. No other can be used: make a "
        "new one in Azure."
    )
    # The same as the event of the refusal: support finds both by the reference that people read.
    failed.reference = reference
    return failed


def _history(secret: ClientSecret) -> str:
    """Describe a secret's expiry and its last success."""
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
        # Anybody can send a made-up code, which Microsoft does not accept.
        exchange.redemption.is_proven = not isinstance(error, CodeNotAccepted)
        raise
    exchange.redemption.is_proven = True
    return tokens
