"""Reports how long each request to Microsoft took, to whoever wants to count it.

Without a receiver nothing is measured or classified.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.dispatch import Signal

from .errors import EntraError, MalformedResponse

#: Sent after each request: ``endpoint`` (one of ``ENDPOINTS``), ``outcome`` (one of ``OUTCOMES``)
#: and ``seconds``. Nothing of the address or of the response is passed on.
request_finished = Signal()

#: "other": a notice of a sign-out to a client, or an address of Microsoft's that is not listed.
ENDPOINTS = ("token", "keys", "discovery", "graph", "other")
#: "answered": with any status, also with an error; "malformed": not in the documented form;
#: "unreachable": no answer in time, or Microsoft asks to come back later (429, 502 to 504).
OUTCOMES = ("answered", "malformed", "unreachable")


@contextmanager
def observed(url: str) -> Iterator[None]:
    """Measure the block, which sends one request to this address."""
    if not request_finished.receivers:
        yield
        return
    started = time.monotonic()
    outcome = "answered"
    try:
        yield
    except MalformedResponse:
        outcome = "malformed"
        raise
    except EntraError:
        outcome = "unreachable"
        raise
    finally:
        request_finished.send_robust(
            None,
            endpoint=endpoint_of(url),
            outcome=outcome,
            seconds=time.monotonic() - started,
        )


def endpoint_of(url: str) -> str:
    """Return which of ``ENDPOINTS`` an address is. The addresses are made in ``cloud`` and
    ``graph``."""
    path = url.partition("?")[0].rstrip("/")
    if path.endswith("/token") and "/oauth2/" in path:
        return "token"
    if path.endswith("/keys") and "/discovery/" in path:
        return "keys"
    if path.endswith("/.well-known/openid-configuration"):
        return "discovery"
    return "graph" if "/v1.0/" in path else "other"
