"""The views for a site's own URLconf, at further paths or for one application."""

from __future__ import annotations

from .login.web.views import SignInView, StartView

__all__ = ["SignInView", "StartView"]
