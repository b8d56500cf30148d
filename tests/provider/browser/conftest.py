"""The same browser as in tests/browser."""

from __future__ import annotations

from tests.browser.conftest import chromium, page, screenshots

__all__ = ["chromium", "page", "screenshots"]
