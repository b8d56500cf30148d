"""For a site that configures Sentry in another way than docs/operating.md."""

from __future__ import annotations

from .login.web.sentry_events import scrub

__all__ = ["scrub"]
