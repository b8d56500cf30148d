"""Why a call is refused, as the caller and the log read it."""

from __future__ import annotations

from dataclasses import dataclass

from ..models import Connection, Identity


@dataclass
class TokenRefused(Exception):
    """RFC 6750 section 3.1, `invalid_token`. ``code``: of the event. ``reason``: a sentence in
    English, for the caller and the log, in ASCII and without quotation marks.

    ``connection`` and ``identity`` are set only where the token is valid, but not accepted.
    """

    code: str
    reason: str
    connection: Connection | None = None
    identity: Identity | None = None

    def __str__(self) -> str:
        return self.reason


@dataclass
class KeysUnavailable(Exception):
    """The signing keys cannot be fetched, so the token can be neither accepted nor refused.

    ``retry_after``: seconds.
    """

    detail: str
    retry_after: int
