"""How long what a client holds is valid."""

from __future__ import annotations

from datetime import timedelta

from django.db import router
from django.db.models import Max

from .models import API, OAuthClient

#: RFC 6749 section 4.1.2 allows ten minutes. A client exchanges its code within seconds.
CODE = timedelta(minutes=1)
#: In which a person takes the code from the device to a browser, and signs in there.
DEVICE_CODE = timedelta(minutes=15)
#: An access token for `userinfo` alone. One for an API lasts as long as the API says.
ACCESS_TOKEN = timedelta(hours=1)
#: A new signing key is published so long before it signs: clients cache the keys.
KEY_PUBLISHED_BEFORE = timedelta(hours=24)
#: Clocks of clients that are behind ours still know a retired key.
CLOCK_SKEW = timedelta(hours=1)
#: After that, a client's ID token still says who is to be signed out.
KEY_KNOWN_AFTER = timedelta(days=400)


def access_token(api: API | None) -> timedelta:
    return timedelta(seconds=api.token_lifetime) if api else ACCESS_TOKEN


def refresh_token(client: OAuthClient) -> timedelta:
    """Return how long after the sign-in the last refresh token ends."""
    return timedelta(seconds=client.refresh_token_lifetime)


def unused_refresh_token(client: OAuthClient) -> timedelta:
    """Return how long after the last refresh a refresh token ends."""
    return timedelta(seconds=client.refresh_token_idle_lifetime)


def longest_access_token() -> timedelta:
    return max(ACCESS_TOKEN, _longest(API, "token_lifetime"))


def longest_signed_token() -> timedelta:
    """Return the longest lifetime of an ID token or access token that a key signs."""
    return max(longest_access_token(), _longest(OAuthClient, "id_token_lifetime"))


def _longest(model: type[API] | type[OAuthClient], field: str) -> timedelta:
    rows = model._default_manager.using(router.db_for_write(model))
    return timedelta(seconds=rows.aggregate(longest=Max(field))["longest"] or 0)
