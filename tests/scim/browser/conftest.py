"""The same browser and tours as in tests/browser."""

from __future__ import annotations

from tests.browser.accessibility.conftest import tour
from tests.browser.conftest import chromium, screenshots

__all__ = ["chromium", "screenshots", "tour"]
