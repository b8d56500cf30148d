"""How long what a client holds is valid."""

from __future__ import annotations

from datetime import timedelta

#: RFC 6749 section 4.1.2 allows ten minutes. A client exchanges its code within seconds.
CODE = timedelta(minutes=1)
ACCESS_TOKEN = timedelta(hours=1)
ID_TOKEN = timedelta(hours=1)
#: A refresh token ends so long after the last refresh, and at the latest so long after the sign-in.
REFRESH_IDLE = timedelta(days=15)
REFRESH_TOTAL = timedelta(days=30)
#: A new signing key is published so long before it signs: clients cache the keys.
KEY_PUBLISHED_BEFORE = timedelta(hours=24)
#: Clocks of clients that are behind ours still know a retired key.
KEY_PUBLISHED_AFTER = max(ACCESS_TOKEN, ID_TOKEN) + timedelta(hours=1)
#: After that, a client's ID token still says who is to be signed out.
KEY_KNOWN_AFTER = timedelta(days=400)
