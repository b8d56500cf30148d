"""Checks that Microsoft's answer proves what a sign-in was begun for.

A browser can leave out what it was told to ask for, and Microsoft can let people in without asking
them anything. So only the validated ID token counts. An answer that proves too little ends with a
page: asking Microsoft once more by itself could go on for ever.
"""

from __future__ import annotations

import time

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ...entra.cloud import V1
from ...entra.id_token import IdTokenClaims
from ...models import Connection
from ..log.failures import SignInFailed, Stage
from ..state.step_up import LEEWAY
from ..state.transaction import Transaction


def require_proof(connection: Connection, begun: Transaction, claims: IdTokenClaims) -> None:
    """Raise ``SignInFailed`` (``access_denied``) if the answer does not prove what the transaction
    or the connection's option *Prompt* asked for."""
    step_up = begun.step_up
    if step_up.max_age is not None and not _is_recent(begun, claims):
        raise _refused(_NOT_RECENT, f"{_age(claims)} {_times_are_optional(connection)}")
    if step_up.acr and step_up.acr not in claims.contexts:
        raise _refused(_NOT_CHECKED, _without_context(connection, step_up.acr, claims))
    if _is_prompt_ignored(connection, begun, claims):
        raise _refused(
            _NOT_RECENT,
            f"The connection's option “Prompt” asks people to sign in again. {_age(claims)}",
        )


_NOT_RECENT = _(
    "Microsoft did not confirm that you have just signed in there. Try again and enter your "
    "password; if this page comes again, ask your organisation's IT support."
)
_NOT_CHECKED = _(
    "Microsoft did not confirm the further check that this page needs. Try again; if this page "
    "comes again, ask your organisation's IT support."
)


def _is_recent(begun: Transaction, claims: IdTokenClaims) -> bool:
    age_only = begun.step_up.without_acr
    return age_only.is_met(claims.authenticated_at, (), time.time())


def _is_prompt_ignored(connection: Connection, begun: Transaction, claims: IdTokenClaims) -> bool:
    """Return whether the token says that the person was not asked to sign in again.

    A token without `auth_time` is accepted: registrations that do not add this claim would
    otherwise let nobody in. With the claim, the option cannot be circumvented.
    """
    return (
        connection.prompt == Connection.Prompt.LOGIN
        and 0 < claims.authenticated_at < begun.created_at - LEEWAY
    )


def _refused(advice: Promise, detail: str) -> SignInFailed:
    return SignInFailed(
        "access_denied", detail=detail, advice=advice, is_proven=True, stage=Stage.VALIDATION
    )


def _age(claims: IdTokenClaims) -> str:
    if not claims.authenticated_at:
        return "The ID token has no valid auth_time."
    seconds = int(time.time() - claims.authenticated_at)
    return f"Microsoft says that the person authenticated {seconds} seconds ago (auth_time)."


def _times_are_optional(connection: Connection) -> str:
    if connection.identity_api != V1:
        return ""
    return (
        "With the identity API v1.0 this claim cannot be requested: add auth_time to the ID token "
        "under Token configuration in Azure, or use v2.0."
    )


def _without_context(connection: Connection, acr: str, claims: IdTokenClaims) -> str:
    met = ", ".join(claims.contexts) or "none"
    detail = f"The ID token does not confirm the authentication context {acr} (acrs: {met})."
    if connection.identity_api == V1:
        return f"{detail} The identity API v1.0 has no authentication contexts: use v2.0."
    return (
        f"{detail} Check that the directory has published it: Microsoft Entra admin center, "
        "Protection › Conditional Access › Authentication contexts."
    )
