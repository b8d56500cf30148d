"""The exceptions that the code of a site raises or catches."""

from __future__ import annotations

from .login.log.failures import SignInFailed
from .microsoft.app_token import UsersApiDisabled
from .models.fields import UndecryptableError
from .models.secret import NoUsableSecret

__all__ = ["NoUsableSecret", "SignInFailed", "UndecryptableError", "UsersApiDisabled"]
