"""Whether somebody has to say that they want to go on to a program on their device.

Another program on the device can pose as a native client: anybody knows its client ID, and can
register its scheme or listen on loopback. What it cannot do is press a button in the person's
browser. So such a client gets no code unseen (RFC 8252 section 8.6).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from ..login.flows.begin import SELECT_ACCOUNT
from ..login.state.session import SignIn
from .attempt import LOGIN, Attempt
from .server import AuthorizationRequest


def needs_confirmation(attempt: Attempt, asked: AuthorizationRequest, proof: SignIn) -> bool:
    """Return whether the person has to be asked whether they want to go on to the client.

    An ``https`` address belongs to the application: the system opens no other with it.
    """
    if not asked.client.is_native or urlsplit(asked.redirect_uri).scheme == "https":
        return False
    return not (attempt.is_confirmed or _has_interacted(attempt, proof))


def _has_interacted(attempt: Attempt, proof: SignIn) -> bool:
    """Return whether the person has just done something in their browser for this request.

    Microsoft signs in without asking who is signed in there, so a request that leads straight to
    Microsoft says nothing by itself. On the sign-in page here, or in Microsoft's list of accounts,
    a button is pressed; and a new authentication is believed only when Microsoft confirms it.
    """
    if not attempt.is_resumed or proof.at < attempt.began_at:
        return False
    leads_straight_on = bool(attempt.get("connection") or attempt.get("login_hint"))
    return not leads_straight_on or bool(attempt.prompts & {LOGIN, SELECT_ACCOUNT})
