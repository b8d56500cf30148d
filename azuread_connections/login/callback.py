"""Ends a sign-in: from what Microsoft sent the browser back with to a signed-in user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django.contrib.auth import authenticate, login
from django.contrib.auth.signals import user_login_failed
from django.db import IntegrityError, OperationalError, router, transaction
from django.http import HttpRequest

from .. import microsoft, signals
from ..entra.errors import EntraError, MicrosoftError
from ..entra.tokens import MAX_CODE_LENGTH
from ..models import Connection, EnabledConnection, Identity
from . import addresses, events, session
from .backend import ConnectionBackend, Proof
from .begin import fingerprint
from .enabled import still_enabled
from .exchange import CodeExchange
from .failures import SignInFailed, from_entra
from .people import Person
from .transaction import BrokenSeal, Transaction, read_cookie

#: The same person's first sign-in may run twice at once; the loser finds them the next time.
_ATTEMPTS = 3


@dataclass(frozen=True)
class Return:
    """A browser that came back with a transaction of its own, for a pair that still exists."""

    transaction: Transaction
    pair: EnabledConnection
    redirect_uri: str
    tenant: str

    @property
    def connection(self) -> Connection:
        return self.pair.connection


def find_transaction(request: HttpRequest, *, secure: bool) -> Transaction:
    """Return the transaction that this callback belongs to, and use it up. Raises
    ``SignInFailed``."""
    try:
        found = read_cookie(request, request.GET.get("state", ""), secure=secure)
    except BrokenSeal:
        found = None
    if found is None:
        raise SignInFailed("transaction_missing")
    if found.is_expired or not found.use():
        raise SignInFailed("transaction_expired", detail="Too late, or used before.")
    return found


def find_return(request: HttpRequest, found: Transaction) -> Return:
    """Check that all which the transaction relied on is as it was. Raises ``SignInFailed``."""
    pair = still_enabled(found.application_id, found.connection_id)
    if pair is None:
        raise SignInFailed("connection_disabled", detail="Disabled while the sign-in was open.")
    redirect_uri = addresses.redirect_uri(request, pair.application)
    # Its directory may have been pinned meanwhile, which changes nothing about it.
    for tenant in (pair.connection.tenant_id, pair.connection.domain):
        if fingerprint(pair.connection, tenant, redirect_uri) == found.fingerprint:
            return Return(found, pair, redirect_uri, tenant)
    raise SignInFailed(
        "transaction_expired", detail="The connection was edited while the sign-in was open."
    )


def prove(request: HttpRequest, returned: Return) -> Proof:
    """Ask Microsoft who this is. Raises ``SignInFailed`` and ``SecretSuperseded``."""
    try:
        if "error" in request.GET:
            raise MicrosoftError.from_answer(request.GET.dict())
        if not returned.connection.tenant_id:
            _pin(returned.connection)
        return ConnectionBackend().prove(
            CodeExchange(
                connection=returned.connection,
                tenant=returned.tenant,
                redirect_uri=returned.redirect_uri,
                code=_code(request),
                code_verifier=returned.transaction.code_verifier,
                nonce=returned.transaction.nonce,
            )
        )
    except EntraError as error:
        raise from_entra(error) from error


def sign_in(request: HttpRequest, returned: Return, proof: Proof) -> None:
    """Sign the person in: user, session and log line all together, or nothing."""
    alias = router.db_for_write(Identity)
    for attempts_left in reversed(range(_ATTEMPTS)):
        try:
            with transaction.atomic(using=alias):
                person = _authenticate(request, proof)
                login(request, cast(Any, person.user))
                session.remember(request, returned.connection, person.identity)
                record = events.SignInRecord(
                    returned.connection, returned.pair.application, person.identity
                )
                events.record_signed_in(request, record)
            break
        except (IntegrityError, OperationalError):
            if not attempts_left:
                raise
    signals.signed_in.send(
        Identity,
        request=request,
        user=person.user,
        identity=person.identity,
        connection=returned.connection,
        application=returned.pair.application,
        created=person.created,
    )


def report_failure(request: HttpRequest, failed: SignInFailed) -> None:
    """Log a failure and tell whoever listens, lock-out tools included."""
    events.record_failure(request, failed)
    if failed.connection is not None:
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


def _pin(connection: Connection) -> None:
    """Find the directory of a connection that was saved while Microsoft could not be asked."""
    tenant_id = microsoft.find_directory(
        domain=connection.domain, cloud=connection.cloud, identity_api=connection.identity_api
    )
    connection.pin(tenant_id)


def _authenticate(request: HttpRequest, proof: Proof) -> Person:
    # None: another backend, such as a lock-out tool's, has refused.
    if authenticate(request, azuread_proof=proof) is None:
        raise SignInFailed("user_refused", detail="Another authentication backend refused.")
    return cast(Person, proof.person)


def _code(request: HttpRequest) -> str:
    code = request.GET.get("code", "")
    if not code or len(code) > MAX_CODE_LENGTH:
        raise SignInFailed("transaction_missing", detail="The callback has no usable code.")
    return code
