"""The exceptions that the code of a site raises or catches."""

from __future__ import annotations

from .entra.errors import EntraError
from .entra.graph import GraphError
from .login.log.failures import SignInFailed
from .microsoft.app_token import UsersApiDisabled
from .models.credential import NoUsableCredential
from .models.fields import UndecryptableError

#: Its name when a client secret was the only kind of credential.
NoUsableSecret = NoUsableCredential

__all__ = [
    "EntraError",
    "GraphError",
    "NoUsableCredential",
    "NoUsableSecret",
    "SignInFailed",
    "UndecryptableError",
    "UsersApiDisabled",
]
