"""Whether a person may still use a client, and with which scopes: judged again at each exchange,
refresh and look-up."""

from __future__ import annotations

from typing import Any

from ..login.state import session
from ..login.state.session import SignIn
from ..models import EnabledConnection, Identity
from . import apis, scopes
from .models import Authorization, ClientConsent


def sign_in_of(authorization: Authorization) -> SignIn:
    """Return the sign-in that tokens rest on, as a session has it."""
    return SignIn(
        connection=authorization.connection_id,
        application=authorization.client.application_id,
        identity=authorization.identity_id,
        name="",
        tenant=authorization.tenant_id,
        at=authorization.signed_in_at,
        sid=authorization.microsoft_session_id,
    )


def sign_in_columns(sign_in: SignIn) -> dict[str, Any]:
    """Return the columns of an ``Authorization`` for a session's sign-in: the reverse of
    ``sign_in_of``, with how the person authenticated."""
    return {
        "identity_id": sign_in.identity,
        "connection_id": sign_in.connection,
        "tenant_id": sign_in.tenant,
        "signed_in_at": sign_in.at,
        "authenticated_at": sign_in.authenticated_at,
        "methods": list(sign_in.methods),
    }


def is_valid(authorization: Authorization, *, recheck: bool = False) -> bool:
    """Return whether the person could still sign in as they did: the user is active, tied to the
    identity, the connection enabled, the directory allowed, nothing revoked since; and whether the
    client is public or not, as it was then.

    ``recheck``: at this very moment; otherwise as of the last SESSION_CHECK_SECONDS.
    """
    if authorization.revoked_at is not None or not authorization.user.is_active:
        return False
    # What a client with a secret was given is not for whoever knows its ID, nor the reverse.
    if authorization.was_public != authorization.client.is_public:
        return False
    return session.is_still_valid(sign_in_of(authorization), authorization.user_id, recheck=recheck)


def scopes_today(authorization: Authorization) -> list[str] | None:
    """Return the scopes that the client can still be given, or None if it can be given none.

    Since the person signed in, an administrator can have taken the API or its scopes from the
    client, and the person's consent can have been withdrawn. Two queries, none for a client of this
    site.
    """
    client, granted, api = authorization.client, authorization.scopes, authorization.api
    if not client.is_first_party:
        given = ClientConsent.objects.filter(client=client, user=authorization.user)
        if not given.exists():
            return None
    if api is None:
        return granted
    possible = apis.possible_scopes(client, api, for_itself=False)
    if possible is None:
        return None
    return [name for name in granted if name in scopes.DESCRIPTIONS or name in possible]


def why_refused(authorization: Authorization) -> str:
    """Return why the person cannot sign in as they did: one of ``client_log.PERSON_REASONS``.

    For the log alone, after ``is_valid`` has refused: up to three queries.
    """
    if not authorization.user.is_active:
        return "person_inactive"
    if authorization.was_public != authorization.client.is_public:
        return "client_type_changed"
    sign_in = sign_in_of(authorization)
    if session.is_too_old(sign_in):
        return "sign_in_too_old"
    enabled = EnabledConnection._default_manager.filter(
        application=sign_in.application, connection=sign_in.connection
    )
    if not enabled.exists():
        return "connection_not_enabled"
    own = Identity._default_manager.filter(pk=sign_in.identity, user=authorization.user_id)
    if not own.exists():
        return "person_untied"
    return "person_revoked" if session.is_revoked(sign_in) else "directory_not_allowed"
