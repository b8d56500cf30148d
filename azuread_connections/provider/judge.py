"""Whether a person may still use a client: judged anew at each exchange, refresh and look-up."""

from __future__ import annotations

from ..login.state import session
from ..login.state.session import SignIn
from .models import Authorization


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
