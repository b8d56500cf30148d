"""Keeps codes, set-up links and our secret cookies out of Sentry, where a site uses it.

Sentry's SDK copies the address and the cookies of a request before Django sees it, so ``withheld``
runs too late for that copy.
"""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import urlsplit

from ..state.withheld import CALLBACK_PATH, COOKIE_MARK, SETUP_COOKIE_MARK, redacted_text

#: Parts of an event that can hold an address or a header. Frames are not changed.
_PARTS = ("request", "breadcrumbs", "contexts", "spans", "extra", "logentry")


def scrub_this_request() -> None:
    """Apply ``scrub`` to the events of this request, if the SDK handles requests."""
    sentry_sdk = sys.modules.get("sentry_sdk")
    if sentry_sdk is None or sentry_sdk.get_client().get_integration("django") is None:
        return
    # That integration opens a scope for each request, so the processor is removed with it. It runs
    # after the processor that puts the copied address into the event.
    sentry_sdk.get_isolation_scope().add_event_processor(scrub)


def scrub(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
    """Return an event of Sentry's without the values that ``withheld`` takes out of requests.

    A site's own ``before_send`` can call it, too.
    """
    url = event.get("request", {}).get("url")
    is_callback = isinstance(url, str) and urlsplit(url).path.endswith(CALLBACK_PATH)
    for part in _PARTS:
        if part in event:
            event[part] = _scrubbed(event[part], is_callback)
    return event


def _scrubbed(value: Any, is_callback: bool) -> Any:
    if isinstance(value, str):
        return redacted_text(value, is_callback=is_callback)
    if isinstance(value, dict):
        return {
            name: _scrubbed(each, is_callback)
            for name, each in value.items()
            if COOKIE_MARK not in str(name) and SETUP_COOKIE_MARK not in str(name)
        }
    if isinstance(value, list | tuple):
        return [_scrubbed(each, is_callback) for each in value]
    return value
