"""What the sign-in log says of calls that an API has refused."""

from __future__ import annotations

from django.http import HttpRequest

from ..client_address import client_address
from ..login.log.client_events import Refusal, record_refusal
from ..models import Event
from .refusals import KeysUnavailable, TokenRefused


def record_refused(request: HttpRequest, refused: TokenRefused) -> None:
    """Log a refused token: one row a minute for each code, however often it happens."""
    record_refusal(
        Refusal(
            Event.Kind.API_REFUSED,
            refused.code,
            refused.reason,
            connection=refused.connection,
            identity=refused.identity,
            address=client_address(request),
        )
    )


def record_unavailable(request: HttpRequest, unavailable: KeysUnavailable) -> None:
    record_refusal(
        Refusal(
            Event.Kind.API_REFUSED,
            "microsoft_unreachable",
            f"The signing keys could not be fetched. {unavailable.detail}",
            address=client_address(request),
        )
    )
