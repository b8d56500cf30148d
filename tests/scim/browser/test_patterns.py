"""The same as without provisioning: each of its URL patterns is looked at, too."""

from __future__ import annotations

from tests.browser.accessibility.test_patterns import (
    test_every_listed_pattern_exists,
    test_every_pattern_of_ours_is_looked_at,
)

__all__ = ["test_every_listed_pattern_exists", "test_every_pattern_of_ours_is_looked_at"]
