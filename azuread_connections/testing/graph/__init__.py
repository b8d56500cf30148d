"""Microsoft Graph v1.0, as far as sign-in needs it."""

from __future__ import annotations

from .routes import GRAPH_ROUTES
from .service import fault_answer

__all__ = ["GRAPH_ROUTES", "fault_answer"]
