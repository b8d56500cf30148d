"""Optional: addresses for load balancers, and the checks behind them. See docs/health.md.

``failing_checks`` is public: a health-check library can call it.
"""

from __future__ import annotations

from .probe import ALL_CHECKS, failing_checks

__all__ = ["ALL_CHECKS", "failing_checks"]
