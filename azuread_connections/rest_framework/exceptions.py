"""Django REST framework's exceptions, with the headers of RFC 6750 section 3."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions


def challenge(realm: str, **parameters: str) -> str:
    """Return a ``WWW-Authenticate`` header. The values hold no quotation mark or backslash."""
    named = {"realm": realm, **parameters}
    return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in named.items())


class InvalidToken(exceptions.AuthenticationFailed):
    """401 ``invalid_token``."""

    default_code = "invalid_token"


class MalformedHeader(exceptions.APIException):
    """400 ``invalid_request``: no one token can be read from the header."""

    status_code = 400
    default_code = "invalid_request"
    default_detail = _("The Authorization header must be “Bearer”, a space and one token.")

    def __init__(self, header: str) -> None:
        super().__init__()
        self.auth_header = header


class KeysUnavailable(exceptions.APIException):
    """503: whether the token is valid cannot be decided now."""

    status_code = 503
    default_code = "temporarily_unavailable"
    default_detail = _("Microsoft's signing keys cannot be fetched. Try again later.")

    def __init__(self, wait: int) -> None:
        super().__init__()
        self.wait = wait


class InsufficientScope(exceptions.PermissionDenied):
    """403 ``insufficient_scope``."""

    default_code = "insufficient_scope"

    def __init__(self, detail: Any, header: str) -> None:
        super().__init__(detail)
        self.auth_header = header
