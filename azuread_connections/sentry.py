"""For a site that configures Sentry in another way than docs/operating.md.

``scrub`` takes authorization codes, states, the tokens of set-up links, and the cookies of sign-ins
and of set-up links out of an event of Sentry's.
"""

from __future__ import annotations

from .login.web.sentry_events import scrub

__all__ = ["scrub"]
