"""How often codes of devices can be tried, and asked for."""

from __future__ import annotations

from django.http import HttpRequest

from ..client_address import client_address
from ..rate_limit import RateLimit, network_of
from .models import OAuthClient

#: Codes that one person, or one address that nobody is signed in at, can try in 15 minutes.
_CODES_EACH = RateLimit("device_codes_tried", limit=20, seconds=900)
#: The same over all. With a thousand devices waiting, a guess is right once in 25 million times.
_CODES_OVER_ALL = RateLimit("device_codes_tried_overall", limit=1_000, seconds=900)
#: A public client's ID is not secret, so anybody could use up the client's waiting devices.
_REQUESTS = RateLimit("device_requests", limit=100, seconds=900)


def may_try_code(request: HttpRequest) -> bool:
    """Count a code that somebody has typed; return whether they may try it.

    People who are signed in have limits of their own: guesses of strangers do not use them up.
    """
    is_known = request.user.is_authenticated
    who = f"user {request.user.pk}" if is_known else network_of(client_address(request))
    # The person's limit first: what it refuses must not count for others.
    return _CODES_EACH.allows(who) and _CODES_OVER_ALL.allows(
        "signed in" if is_known else "not signed in"
    )


def may_request_codes(request: HttpRequest, client: OAuthClient) -> bool:
    """Count a request of a device; return whether it is within the limit of its address."""
    # A confidential client has proven who it is, and asks for many from one address.
    return not client.is_public or _REQUESTS.allows(
        f"{client.client_id}, {network_of(client_address(request))}"
    )
