"""The sub-app's pages in the Django admin."""

from .apis import APIAdmin
from .clients import OAuthClientAdmin

__all__ = ["APIAdmin", "OAuthClientAdmin"]
