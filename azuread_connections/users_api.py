"""Microsoft Graph with the app's own permissions, for the code of a site."""

from __future__ import annotations

from .microsoft.app_token import graph_of

__all__ = ["graph_of"]
