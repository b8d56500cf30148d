"""Exchanges an authorization code for tokens, and validates the ID token."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils import timezone

from ...entra.cloud import COMMON, Authority
from ...entra.errors import (
    AccessDenied,
    CodeNotAccepted,
    CredentialFailed,
    CredentialUnavailable,
    MicrosoftError,
)
from ...entra.graph import GraphError
from ...entra.id_token import IdTokenClaims, IdTokenPolicy, validate_id_token
from ...entra.tokens import CodeGrant, TokenResponse, redeem_code
from ...microsoft import client as microsoft
from ...microsoft.permissions import delegated_scopes
from ...models import Connection, Credential
from ...models.credential import NoUsableCredential, readable_credentials
from ...models.expiry import day_of
from ..log import events
from ..log.failures import SignInFailed, Stage, from_entra
from ..log.store import new_reference
from ..lookup.enabled import OwnDomain


class SecondTry(Exception):
    """The browser has to be sent to Microsoft once more. ``failure``: what the person sees if that
    was done already. ``challenge``: what Microsoft asks for, as JSON. ``was_asked``: whether the
    person has just answered all that the connection has Microsoft ask."""

    challenge = ""
    was_asked = True

    def __init__(self, failure: SignInFailed) -> None:
        super().__init__(str(failure))
        self.failure = failure


class CredentialSuperseded(SecondTry):
    """A credential failed, and Microsoft no longer takes the code for the next."""

    def __init__(self) -> None:
        super().__init__(
            SignInFailed(
                "secret_rejected",
                detail="Microsoft refused each of the client secrets.",
                is_proven=True,
                stage=Stage.REDEMPTION,
            )
        )


class ClaimsChallenged(SecondTry):
    """Microsoft answers with a claims challenge, such as for a second factor.

    https://learn.microsoft.com/entra/identity-platform/claims-challenge
    """

    def __init__(self, error: MicrosoftError | GraphError) -> None:
        super().__init__(from_entra(error))
        self.failure.is_proven = True
        self.failure.stage = Stage.REDEMPTION
        self.challenge = error.claims


@dataclass
class Redemption:
    """The state of a code's redemption. ``is_proven`` and ``stage``: see ``SignInFailed``."""

    is_proven: bool = False
    stage: Stage = Stage.AUTHORIZATION


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
    credentials: tuple[Credential, ...] = ()  # the connection's, if they were just read
    redemption: Redemption = field(default_factory=Redemption, compare=False)
    own_domain: OwnDomain | None = None  # the connection's, if it was just read

    def authority(self, tenant: str) -> Authority:
        connection = self.connection
        return microsoft.authority(connection.cloud, tenant, connection.identity_api)


def redeem(exchange: CodeExchange) -> TokenResponse:
    """Redeem the code with the newest credential that works.

    If Microsoft refuses one, or its token cannot be read here, the next is tried at once with the
    same code. Raises ``EntraError``, ``SecondTry`` and ``SignInFailed`` (no usable one).
    """
    failure: CredentialFailed | None = None
    failed: list[Credential] = []
    reference = ""
    for credential in _credentials(exchange):
        try:
            tokens = _redeem_with(exchange, credential)
        except CredentialFailed as error:
            credential.record_failure(error)
            reference = reference or new_reference()
            events.record_credential_refused(exchange.connection, credential, error, reference)
            failed.append(credential)
            failure = error
        except CodeNotAccepted:
            if failure is None:
                raise
            raise CredentialSuperseded from None
        except AccessDenied as error:
            if not error.claims:
                raise
            raise ClaimsChallenged(error) from error
        else:
            credential.record_success()
            return tokens
    if failure is None:
        raise SignInFailed("secret_rejected")
    raise _all_failed(failed, failure, reference) from failure


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


def _all_failed(
    failed: list[Credential], failure: CredentialFailed, reference: str
) -> SignInFailed:
    """Return the failure that names the credentials, their dates, and what to do."""
    report = from_entra(failure)
    which = "; ".join(_history(credential) for credential in failed)
    report.summary = (
        f"The connection's {which} cannot be used. {failure}"
        if isinstance(failure, CredentialUnavailable)
        else f"Microsoft refuses the connection's {which}. No other can be used: make a new one in "
        "Azure."
    )
    # The same as the event of the refusal: support finds both by the reference that people read.
    report.reference = reference
    return report


def _history(credential: Credential) -> str:
    """Name a credential, with its expiry and its last success."""
    accepted = credential.last_success_at
    last = f"last accepted on {day_of(accepted)}" if accepted else "never accepted so far"
    named = f"{_KINDS[Credential.Kind(credential.kind)]} {credential}"
    if credential.never_ends:
        return f"{named}, {last}"
    if credential.expires_at is None:
        return f"{named}, without a recorded expiry date, {last}"
    day = day_of(credential.expires_at)
    if not credential.is_expired():
        return f"{named}, expires on {day}, {last}"
    days = (day_of(timezone.now()) - day).days
    return f"{named}, expired on {day} ({days} day{'' if days == 1 else 's'} ago), {last}"


#: In English: failures are logged.
_KINDS = {
    Credential.Kind.SECRET: "client secret",
    Credential.Kind.CERTIFICATE: "certificate",
    Credential.Kind.FEDERATED: "federated credential",
}


def _credentials(exchange: CodeExchange) -> Iterator[Credential]:
    try:
        yield from readable_credentials(exchange.connection, exchange.credentials)
    except NoUsableCredential as error:
        raise SignInFailed("secret_rejected", detail=str(error)) from error


def _redeem_with(exchange: CodeExchange, credential: Credential) -> TokenResponse:
    try:
        tokens = redeem_code(
            microsoft.transport(),
            exchange.authority(exchange.tenant),
            CodeGrant(
                client_id=exchange.connection.client_id,
                credential=credential.for_request(exchange.connection),
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
