"""Asks Microsoft who came back: from the code of a callback to a verified identity."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from django.db import IntegrityError
from django.http import HttpRequest

from ... import domains
from ...conf import conf
from ...entra.cloud import check_issuers
from ...entra.deadline import within
from ...entra.errors import EntraError, MicrosoftError, is_about_consent
from ...entra.id_token import IdTokenClaims
from ...entra.tokens import MAX_CODE_LENGTH
from ...microsoft import client as microsoft
from ...microsoft.permissions import unproven_consent
from ...models import Connection, Directory
from ..log.failures import SignInFailed, Stage, from_entra
from ..state.transaction import Transaction
from ..state.withheld import callback_parameters
from ..users import directories
from ..users.enrichment import enrich
from ..users.identities import VerifiedIdentity
from ..users.trust import confirm, find_trust
from .context import CallbackContext, require_connection
from .exchange import ClaimsChallenged, CodeExchange, redeem, validate


def verify_identity(request: HttpRequest, context: CallbackContext) -> VerifiedIdentity:
    """Return the identity of the person who came back to sign in or to connect an account.

    A new directory is admitted or waits for approval. Raises ``SignInFailed`` and ``SecondTry``.
    """
    exchange = CodeExchange(
        connection=context.connection,
        tenant=context.tenant,
        redirect_uri=context.redirect_uri,
        code=callback_parameters(request).get("code", ""),
        code_verifier=context.transaction.code_verifier,
        nonce=context.transaction.nonce,
        issuers=named_issuers(request),
        known_scopes=context.target.known_scopes,
        credentials=context.target.credentials,
        own_domain=context.target.own_domain,
    )
    try:
        verified = _verify(request, exchange, directories.admit)
    except (IntegrityError, Connection.DoesNotExist):
        require_connection(request, context)
        raise
    except SignInFailed as failed:
        if failed.code == "secret_rejected":
            # A connection that was deleted meanwhile has no secret either.
            require_connection(request, context)
        raise
    _follow_challenge(verified, context.transaction)
    return verified


def verify_trial_identity(
    request: HttpRequest,
    connection: Connection,
    transaction: Transaction,
    *,
    tenant: str,
    redirect_uri: str,
) -> VerifiedIdentity:
    """Return the identity of who came back from a trial. It adds no directory.

    Raises ``SignInFailed`` and ``SecondTry``.
    """
    exchange = CodeExchange(
        connection=connection,
        tenant=tenant,
        redirect_uri=redirect_uri,
        code=callback_parameters(request).get("code", ""),
        code_verifier=transaction.code_verifier,
        nonce=transaction.nonce,
        issuers=named_issuers(request),
    )
    verified = _verify(request, exchange, directories.check)
    _follow_challenge(verified, transaction)
    return verified


def confirm_domain(verified: VerifiedIdentity, domain: str) -> VerifiedIdentity:
    """Ask Microsoft about a domain before a user is linked by it, outside a transaction.

    Raises ``SignInFailed``.
    """
    with within(conf.callback_timeout):
        return replace(verified, trust=confirm(verified.connection, verified.trust, domain))


def _verify(
    request: HttpRequest,
    exchange: CodeExchange,
    admit: Callable[[Connection, IdTokenClaims], Directory | None],
) -> VerifiedIdentity:
    connection = exchange.connection
    with _failures(request, exchange):
        _check_response(request, exchange)
        with within(conf.callback_timeout):
            _pin(connection)
            check_named_issuers(connection, exchange.issuers)
            exchange.redemption.stage = Stage.REDEMPTION
            tokens = redeem(exchange)
            exchange.redemption.stage = Stage.VALIDATION
            claims = validate(exchange, tokens)
            exchange.redemption.stage = Stage.DIRECTORY
            directory = admit(connection, claims)
            known_scopes = directory.delegated_scopes if directory else exchange.known_scopes
            directories.note_scopes(connection, claims.tenant_id, known_scopes, tokens.scopes)
            trust = find_trust(connection, claims, exchange.own_domain)
            enrichment = enrich(connection, tokens, claims)
            return VerifiedIdentity(connection, claims, enrichment, trust)


def _follow_challenge(verified: VerifiedIdentity, transaction: Transaction) -> None:
    """Raise ``ClaimsChallenged`` if Graph answers with a challenge, unless one was followed."""
    challenged = verified.enrichment.challenged
    if challenged is not None and not transaction.is_retry:
        raise ClaimsChallenged(challenged)


@contextmanager
def _failures(request: HttpRequest, exchange: CodeExchange) -> Iterator[None]:
    """Turn errors of Microsoft's into ``SignInFailed``, and note on it how reliable they are."""
    try:
        yield
    except EntraError as error:
        failed = from_entra(error)
        if is_about_consent(error):
            failed.summary = _missing_consent(exchange.connection)
        failed.is_proven = exchange.redemption.is_proven
        failed.stage = exchange.redemption.stage
        failed.is_unconfirmed = "error" in callback_parameters(request)
        raise failed from error
    except SignInFailed as refused:
        refused.is_proven = exchange.redemption.is_proven
        refused.stage = exchange.redemption.stage
        raise


def _check_response(request: HttpRequest, exchange: CodeExchange) -> None:
    """Raise the error of an authorization response that has one (RFC 6749 section 4.1.2.1)."""
    if "error" in callback_parameters(request):
        check_named_issuers(exchange.connection, exchange.issuers)
        raise MicrosoftError.from_redirect(callback_parameters(request))
    if not 0 < len(exchange.code) <= MAX_CODE_LENGTH:
        raise SignInFailed("transaction_missing", detail="The callback has no usable code.")


def _pin(connection: Connection) -> None:
    """Find the directory of a connection that was saved while Microsoft was unreachable."""
    if connection.tenant_id:
        return
    answer = domains.check(connection, connection.domain)
    if answer.error is not None and not connection.use_common_endpoint:
        raise answer.error


def _missing_consent(connection: Connection) -> str:
    """Return a sentence for the log about consent that is missing as far as known, or ""."""
    missing = unproven_consent(connection)
    if not missing:
        return ""
    return (
        f"An option of the connection needs an administrator's consent to {', '.join(missing)}, "
        "and no such consent is known."
    )


def named_issuers(request: HttpRequest) -> tuple[str, ...]:
    """Return every `iss` parameter of an authorization response (RFC 9207).

    Microsoft sends none today. An empty parameter counts as absent (RFC 6749 section 3.1).
    """
    return tuple(filter(None, request.GET.getlist("iss")))


def check_named_issuers(connection: Connection, issuers: Sequence[str]) -> None:
    """Raise ``IssuerMismatch`` if an authorization response names another issuer.

    Another server made such a response, so neither its code nor its error is used. Where the
    directory is not known yet (the common endpoint, a connection that is not pinned), any directory
    of the connection's cloud passes, and the ID token's issuer decides later.
    """
    tenant_id = "" if connection.use_common_endpoint else connection.tenant_id
    authority = microsoft.authority(
        connection.cloud, connection.sign_in_segment, connection.identity_api
    )
    check_issuers(authority, issuers, tenant_id=tenant_id or None)
