"""Ends a sign-in: from what Microsoft sent the browser back with to a signed-in user."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

from django.contrib.auth import authenticate, login
from django.contrib.auth.signals import user_login_failed
from django.db import IntegrityError, OperationalError, router, transaction
from django.http import HttpRequest

from ... import domains, signals
from ...conf import conf
from ...entra.deadline import within
from ...entra.errors import EntraError, MicrosoftError, is_about_consent
from ...entra.tokens import MAX_CODE_LENGTH
from ...microsoft.permissions import unproven_consent
from ...models import Connection, Identity
from ..backend import Proof, backend_class
from ..log import events
from ..log.failures import SignInFailed, from_entra
from ..lookup import addresses
from ..lookup.enabled import Pair, still_enabled
from ..state import session
from ..state.sealing import BrokenSeal
from ..state.transaction import Transaction, read_cookie
from ..state.withheld import callback_parameters
from ..users.people import Person
from ..users.trust import ConfirmationNeeded, confirm
from .begin import fingerprint
from .exchange import CodeExchange
from .issuer import check_named_issuers, named_issuers

#: The same person's first sign-in may run twice at once; the loser finds them the next time.
ATTEMPTS = 3


@dataclass(frozen=True)
class Return:
    """A browser that came back with a transaction of its own, for a pair that still exists."""

    transaction: Transaction
    pair: Pair
    redirect_uri: str
    tenant: str

    @property
    def connection(self) -> Connection:
        return self.pair.connection


class OtherUserSignedIn(Exception):
    """The browser is signed in as ``current``, and this sign-in is by ``other``."""

    def __init__(self, current: str, other: str) -> None:
        super().__init__(current, other)
        self.current = current
        self.other = other


def find_transaction(request: HttpRequest, *, secure: bool) -> Transaction:
    """Return the transaction that this callback belongs to, and use it up. Raises
    ``SignInFailed``."""
    try:
        found = read_cookie(request, callback_parameters(request).get("state", ""), secure=secure)
    except BrokenSeal:
        found = None
    if found is None:
        raise SignInFailed("transaction_missing")
    if found.is_expired or not found.use():
        raise SignInFailed("transaction_expired", detail="Too late, or used before.")
    return found


def find_return(request: HttpRequest, found: Transaction) -> Return:
    """Check that all which the transaction relied on is as it was. Raises ``SignInFailed``."""
    pair = still_enabled(request, found.application_id, found.connection_id)
    if pair is None:
        raise SignInFailed("connection_disabled", detail="Disabled while the sign-in was open.")
    redirect_uri = addresses.redirect_uri(request, is_own_host=pair.is_own_host)
    # Its directory may have been pinned meanwhile, which changes nothing about it.
    for tenant in (pair.connection.sign_in_segment, pair.connection.domain):
        if fingerprint(pair.connection, tenant, redirect_uri) == found.fingerprint:
            return Return(found, pair, redirect_uri, tenant)
    raise SignInFailed(
        "transaction_expired", detail="The connection was edited while the sign-in was open."
    )


def prove(request: HttpRequest, returned: Return) -> Proof:
    """Ask Microsoft who this is. Raises ``SignInFailed`` and ``SecretSuperseded``."""
    begun = returned.transaction
    exchange = CodeExchange(
        connection=returned.connection,
        tenant=returned.tenant,
        redirect_uri=returned.redirect_uri,
        code=callback_parameters(request).get("code", ""),
        code_verifier=begun.code_verifier,
        nonce=begun.nonce,
        issuers=named_issuers(request),
        known_scopes=returned.pair.known_scopes,
        secrets=returned.pair.secrets,
        own_domain=returned.pair.own_domain,
    )
    try:
        return ask_microsoft(request, exchange, backend_class()().prove)
    except (IntegrityError, Connection.DoesNotExist):
        require_pair(request, returned)
        raise
    except SignInFailed as failed:
        if failed.code == "secret_rejected":
            # There is none any more if the connection has just been deleted.
            require_pair(request, returned)
        raise


def ask_microsoft(
    request: HttpRequest,
    exchange: CodeExchange,
    prove: Callable[[CodeExchange], Proof],
) -> Proof:
    """Let a backend prove who came back, and turn what goes wrong at Microsoft into a failure."""
    try:
        if "error" in callback_parameters(request):
            check_named_issuers(exchange.connection, exchange.issuers)
            raise MicrosoftError.from_redirect(callback_parameters(request))
        if not 0 < len(exchange.code) <= MAX_CODE_LENGTH:
            raise SignInFailed("transaction_missing", detail="The callback has no usable code.")
        with within(conf.callback_timeout):
            _pin(exchange.connection)
            check_named_issuers(exchange.connection, exchange.issuers)
            return prove(exchange)
    except EntraError as error:
        failed = from_entra(error)
        if is_about_consent(error):
            failed.summary = _missing_consent(exchange.connection)
        failed.is_proven = exchange.redemption.is_proven
        failed.is_unconfirmed = "error" in callback_parameters(request)
        raise failed from error
    except SignInFailed as refused:
        refused.is_proven = exchange.redemption.is_proven
        raise


def _missing_consent(connection: Connection) -> str:
    """Return a sentence for the log about consent that nobody is known to have given, or ""."""
    missing = unproven_consent(connection)
    if not missing:
        return ""
    return (
        f"An option of the connection needs an administrator's consent to {', '.join(missing)}, "
        "which is not known to be there."
    )


def sign_in(request: HttpRequest, returned: Return, proof: Proof) -> None:
    """Sign the person in: user, session and log line all together, or nothing."""
    try:
        person = _store_sign_in(request, returned, proof)
    except ConfirmationNeeded as needed:
        # Rolled back by now: no row is locked while Microsoft is asked.
        visitor = proof.visitor
        with within(conf.callback_timeout):
            trust = confirm(visitor.connection, visitor.trust, needed.domain)
        proof.visitor = replace(visitor, trust=trust)
        person = _store_sign_in(request, returned, proof)
    signals.signed_in.send(
        Identity,
        request=request,
        user=person.user,
        identity=person.identity,
        connection=returned.connection,
        application=returned.pair.application,
        created=person.created,
    )


def _store_sign_in(request: HttpRequest, returned: Return, proof: Proof) -> Person:
    alias = router.db_for_write(Identity)
    give_up_at = time.monotonic() + conf.callback_timeout
    before = request.session.session_key, request.user
    for attempts_left in reversed(range(ATTEMPTS)):
        try:
            with transaction.atomic(using=alias):
                person = _authenticate(request, proof)
                _require_same_user(request, person)
                login(request, cast(Any, person.user))
                session.remember(request, returned.pair, person.identity, proof.visitor.claims)
                if person.linked:
                    events.record_linked(returned.connection, person.identity)
                record = events.SignInRecord(
                    returned.connection, returned.pair.application, person.identity
                )
                events.record_signed_in(request, record)
            return person
        except Exception as error:
            _undo_login(request, *before)
            if not isinstance(error, IntegrityError | OperationalError):
                raise
            if isinstance(error, IntegrityError):
                require_pair(request, returned)
            if attempts_left and time.monotonic() < give_up_at:
                continue
            if isinstance(error, OperationalError):
                raise
            # No race, then: a unique field of the site's own user model, for example.
            raise SignInFailed("user_refused", detail=f"Not stored: {error}") from error
    raise AssertionError("The last attempt returns or raises.")


def require_pair(request: HttpRequest, returned: Return) -> None:
    """Say so if something could not be stored because the connection is no longer there."""
    if still_enabled(request, returned.pair.application.pk, returned.connection.pk) is None:
        raise SignInFailed("connection_disabled", detail="Deleted while the sign-in was open.")


def _undo_login(request: HttpRequest, session_key: str | None, user: Any) -> None:
    """Forget what login() did to a request whose transaction was rolled back: only a database
    session goes with it, and a refused person must not stay signed in."""
    request.session = type(request.session)(session_key)
    request.user = user


def report_failure(request: HttpRequest, failed: SignInFailed) -> None:
    """Log a failure and send the signals about it.

    Lock-out tools are told of refusals of the person alone: an outage must lock nobody out.
    """
    events.record_failure(request, failed)
    if failed.connection is not None and _is_failed_login(failed):
        user_login_failed.send(
            sender=__name__, credentials={"connection": failed.connection.name}, request=request
        )
    signals.sign_in_failed.send(
        Identity,
        request=request,
        connection=failed.connection,
        application=failed.application,
        code=failed.code,
        reference=failed.reference,
    )


def _is_failed_login(failed: SignInFailed) -> bool:
    # Connecting an account, which has a page to go back to, is no log-in.
    return failed.failure.is_about_person and not failed.is_reported and not failed.back_url


def _pin(connection: Connection) -> None:
    """Find the directory of a connection that was saved while Microsoft could not be asked."""
    if connection.tenant_id:
        return
    answer = domains.check(connection, connection.domain)
    if answer.error is not None and not connection.use_common_endpoint:
        raise answer.error


def _authenticate(request: HttpRequest, proof: Proof) -> Person:
    # None: another backend, such as a lock-out tool's, has refused.
    if authenticate(request, azuread_proof=proof) is None:
        raise SignInFailed(
            "user_refused", detail="Another authentication backend refused.", is_reported=True
        )
    return cast(Person, proof.person)


def _require_same_user(request: HttpRequest, person: Person) -> None:
    """Nobody is made somebody else without being asked. Reads the session only if there is one."""
    if request.user.is_authenticated and request.user.pk != person.user.pk:
        raise OtherUserSignedIn(str(request.user), person.identity.login_name)
