"""What the trials of a staff member and of a set-up share: a real sign-in without a user."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import router
from django.db.transaction import atomic, set_rollback
from django.http import HttpRequest
from django.utils.translation import gettext as _

from ...models import Connection, Identity
from ..log.failures import SignInFailed
from ..lookup import addresses
from ..state.transaction import Transaction
from ..users import groups
from ..users.identities import VerifiedIdentity
from ..users.profile import read_profile
from .exchange import ClaimsChallenged, CredentialSuperseded
from .identity import verify_trial_identity
from .step_up import require_proof

#: Claims, groups and app roles that are kept, so that page and session stay small.
_MAX_CLAIMS = 60
_MAX_GROUPS = 200
_MAX_ROLES = 100


def run(
    request: HttpRequest,
    connection: Connection,
    found: Transaction,
    conclude: Callable[[VerifiedIdentity], Mapping[str, Any]],
) -> dict[str, Any]:
    """Ask Microsoft who came back, and return the outcome of the trial.

    ``works`` (a bool). If True: ``claims``, ``profile``, ``groups``, ``roles``, ``problems``
    (sentences), ``is_guest``, and what ``conclude`` returns about the person. If False: ``code``,
    ``summary``, ``detail``, ``aadsts_code``, ``correlation_id``, ``trace_id``, ``is_unconfirmed``,
    and any of the former if known. ``conclude`` raises ``SignInFailed`` if a real sign-in would be
    refused. Raises ``ClaimsChallenged`` once, as in a real sign-in.
    """
    try:
        verified = _verify(request, connection, found)
    except CredentialSuperseded:
        return _failure(SignInFailed("secret_rejected", detail=_("Try again.")))
    except ClaimsChallenged as challenged:
        if not found.is_retry:
            raise
        return _failure(challenged.failure)
    except SignInFailed as failed:
        return _failure(failed)
    shown = _describe(verified)
    try:
        require_proof(connection, found, verified.claims)
        return {"works": True, **conclude(verified), **shown}
    except SignInFailed as failed:
        return {**_failure(failed), **shown}


@contextmanager
def rolled_back() -> Iterator[None]:
    """Roll back what a site's hook writes in the block."""
    alias = router.db_for_write(Identity)
    with atomic(using=alias):
        try:
            yield
        finally:
            set_rollback(True, using=alias)


def _verify(request: HttpRequest, connection: Connection, found: Transaction) -> VerifiedIdentity:
    redirect_uri = addresses.callback_url(request)
    tenant = found.unchanged_tenant(connection, redirect_uri)
    if tenant is None:
        raise SignInFailed("transaction_expired", detail=_("The connection was edited meanwhile."))
    return verify_trial_identity(
        request, connection, found, tenant=tenant, redirect_uri=redirect_uri
    )


def _describe(verified: VerifiedIdentity) -> dict[str, Any]:
    claims = verified.claims
    enrichment = verified.enrichment
    profile = read_profile(claims, verified.trust, enrichment.profile, enrichment.claims)
    return {
        "claims": dict(list(claims.everything.items())[:_MAX_CLAIMS]),
        "profile": profile.as_dict(),
        "groups": groups.stored(verified.connection, verified.groups or ())[:_MAX_GROUPS],
        "roles": list(claims.roles)[:_MAX_ROLES],
        "problems": list(enrichment.problems),
        "is_guest": claims.is_guest,
    }


def _failure(failed: SignInFailed) -> dict[str, Any]:
    return {
        "works": False,
        "code": failed.code,
        "summary": failed.summary,
        "detail": failed.detail,
        "aadsts_code": failed.aadsts_code,
        "correlation_id": failed.correlation_id,
        "trace_id": failed.trace_id,
        "is_unconfirmed": failed.is_unconfirmed,
    }
