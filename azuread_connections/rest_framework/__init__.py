"""Access tokens as authentication for Django REST framework.

Needs the extra ``rest``: ``pip install azuread-connections[rest]``.
"""

from __future__ import annotations

from ..bearer.callers import AccessTokenAuth, AppOnlyCaller
from .authentication import AzureADBearerAuthentication
from .permissions import HasPersonRole, HasRole, HasScope, HasScopeOrRole

__all__ = [
    "AccessTokenAuth",
    "AppOnlyCaller",
    "AzureADBearerAuthentication",
    "HasPersonRole",
    "HasRole",
    "HasScope",
    "HasScopeOrRole",
]
