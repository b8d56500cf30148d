"""An open sign-in, or another flow, sealed in a cookie of the browser that began it.

The server stores nothing, so any worker can finish it, and nobody can fill a table by starting
sign-ins.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ...conf import CACHE_PREFIX, TRANSACTION_LIFETIME, conf
from ...models import Connection
from . import sealing
from .sealing import BrokenSeal, base64url
from .step_up import NOTHING, StepUp
from .withheld import COOKIE_MARK, transaction_cookies

#: The purpose of a transaction that signs somebody in.
SIGN_IN = "sign_in"
#: More would make the Cookie header too long for some servers.
_MAX_COOKIES = 4
_STATE = re.compile(r"[A-Za-z0-9_-]{22}")
_SEAL = "transaction"


@dataclass(frozen=True)
class Transaction:
    """What a callback needs to know about its start.

    ``state`` identifies the transaction, in the address and in the cookie's name. ``fingerprint``
    covers the connection's endpoints and the redirect URI at the start. Nonce and PKCE verifier are
    derived from ``seed``. ``is_retry``: the one before failed because a secret was refused, or
    because Microsoft challenged it. ``subject``: the key of the user who must finish it, "" for
    anybody. ``step_up``: what the answer has to prove.
    """

    application_id: int
    connection_id: int
    fingerprint: str
    destination: str
    purpose: str = SIGN_IN
    is_retry: bool = False
    subject: str = ""
    step_up: StepUp = NOTHING
    state: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)
    seed: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)
    created_at: float = field(default_factory=lambda: round(time.time(), 3))

    @property
    def nonce(self) -> str:
        return self._derive("nonce")

    @property
    def code_verifier(self) -> str:
        """RFC 7636 section 4.1: 43 characters of the unreserved set."""
        return self._derive("pkce")

    @property
    def code_challenge(self) -> str:
        return base64url(hashlib.sha256(self.code_verifier.encode()).digest())

    def unchanged_tenant(self, connection: Connection, redirect_uri: str) -> str | None:
        """Return the tenant of the start, or None if the connection was edited since.

        Pinning the connection's directory meanwhile does not count as an edit.
        """
        return unchanged_tenant(self.fingerprint, connection, redirect_uri)

    @property
    def is_expired(self) -> bool:
        return time.time() > self.created_at + TRANSACTION_LIFETIME

    def use(self) -> bool:
        """Return True for the first use, among all workers that share the cache."""
        # A digest, because a report of an error of the cache can show the key.
        key = f"{CACHE_PREFIX}:transaction:{_digest(self.state)}"
        return conf.cache.add(key, 1, TRANSACTION_LIFETIME + 60)

    def _derive(self, purpose: str) -> str:
        return base64url(hmac.digest(self.seed.encode(), purpose.encode(), "sha256"))


def endpoint_fingerprint(connection: Connection, tenant: str, redirect_uri: str) -> str:
    """Return a digest of the values that must not change until the callback."""
    return _digest(
        connection.client_id, connection.cloud, tenant, connection.identity_api, redirect_uri
    )


def unchanged_tenant(fingerprint: str, connection: Connection, redirect_uri: str) -> str | None:
    """Return the tenant that an ``endpoint_fingerprint`` was made with, or None if the connection
    was edited since. Pinning its directory meanwhile does not count as an edit."""
    for tenant in (connection.sign_in_segment, connection.domain):
        if endpoint_fingerprint(connection, tenant, redirect_uri) == fingerprint:
            return tenant
    return None


def _digest(*parts: str) -> str:
    return base64url(hashlib.sha256(json.dumps(parts).encode()).digest()[:16])


def seal(transaction: Transaction) -> str:
    """Encrypt and authenticate a transaction, bound to its own state."""
    content = [
        transaction.application_id,
        transaction.connection_id,
        transaction.fingerprint,
        transaction.destination,
        transaction.purpose,
        transaction.is_retry,
        transaction.subject,
        transaction.seed,
        transaction.created_at,
    ]
    if step_up := transaction.step_up:
        # Only then: a cookie has little room, and other versions of this app read the rest.
        content += [step_up.max_age, step_up.acr]
    return sealing.seal(_SEAL, content, name=transaction.state)


def unseal(state: str, value: str) -> Transaction:
    """Return what ``seal`` sealed under this state. Raises ``BrokenSeal``."""
    match sealing.unseal(_SEAL, value, name=state):
        case [
            int(application),
            int(connection),
            str(print_),
            str(destination),
            str(purpose),
            bool(is_retry),
            str(subject),
            str(seed),
            int() | float() as created,
            *asked,
        ]:
            return Transaction(
                application_id=application,
                connection_id=connection,
                fingerprint=print_,
                destination=destination,
                purpose=purpose,
                is_retry=is_retry,
                subject=subject,
                state=state,
                seed=seed,
                created_at=created,
                step_up=_step_up(asked),
            )
    raise BrokenSeal  # sealed by another version of this app


def _step_up(asked: list[Any]) -> StepUp:
    match asked:
        case []:
            return NOTHING
        case [int() | None as max_age, str(acr)]:
            return StepUp(max_age, acr)
    raise BrokenSeal  # sealed by another version of this app


def set_cookie(
    request: HttpRequest, response: HttpResponseBase, transaction: Transaction, *, secure: bool
) -> None:
    """Set the cookie of this transaction, and delete the oldest ones if there are too many."""
    for state in _states_to_drop(request, secure):
        _delete(response, state, secure)
    response.set_cookie(
        _cookie_name(transaction.state, secure),
        seal(transaction),
        max_age=TRANSACTION_LIFETIME,
        path="/",
        secure=secure,
        httponly=True,
        samesite="Lax",
    )


def read_cookie(request: HttpRequest, state: str, *, secure: bool) -> Transaction | None:
    """Return the browser's transaction of this state, or None. Raises ``BrokenSeal``."""
    state = _name_in(state)
    value = _cookie(request, _cookie_name(state, secure)) if _STATE.fullmatch(state) else None
    return unseal(state, value) if value else None


def _name_in(state: str) -> str:
    """Return the part of a returned `state` that identifies the transaction: see ``resumption``."""
    return state.partition(".")[0]


def _cookie(request: HttpRequest, name: str) -> str | None:
    return next((value for key, value in transaction_cookies(request) if key == name), None)


def _cookies(request: HttpRequest) -> dict[str, str]:
    return {**request.COOKIES, **dict(transaction_cookies(request))}


def delete_cookie(
    request: HttpRequest, response: HttpResponseBase, state: str, *, secure: bool
) -> None:
    state = _name_in(state)
    if _STATE.fullmatch(state) and _cookie_name(state, secure) in _cookies(request):
        _delete(response, state, secure)


def _cookie_name(state: str, secure: bool) -> str:
    # "__Host-": no other subdomain can set it (RFC 6265bis section 4.1.3.2).
    return f"{_prefix(secure)}{state}"


def _prefix(secure: bool) -> str:
    return f"__Host-{COOKIE_MARK}" if secure else COOKIE_MARK


def _delete(response: HttpResponseBase, state: str, secure: bool) -> None:
    # With the same attributes as in ``set_cookie``: "__Host-" needs Secure and Path here, too.
    response.set_cookie(
        _cookie_name(state, secure),
        max_age=0,
        path="/",
        secure=secure,
        httponly=True,
        samesite="Lax",
    )


def _states_to_drop(request: HttpRequest, secure: bool) -> list[str]:
    prefix = _prefix(secure)
    ages = {
        name.removeprefix(prefix): _created_at(name.removeprefix(prefix), value)
        for name, value in _cookies(request).items()
        if _STATE.fullmatch(name.removeprefix(prefix))
    }
    newest_first = sorted(ages, key=ages.__getitem__, reverse=True)
    return newest_first[_MAX_COOKIES - 1 :]


def _created_at(state: str, value: str) -> float:
    try:
        return unseal(state, value).created_at
    except BrokenSeal:
        return 0
