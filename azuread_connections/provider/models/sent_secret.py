from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class SentSecret:
    """What the database has of a secret that a request was sent with. ``is_own``: the client has
    it. ``expires_at``: from when on it is refused; None: never."""

    digest: str = field(repr=False)
    is_own: bool
    expires_at: datetime | None

    def refusal_code(self, now: datetime) -> str:
        """Return one of ``client_log.CLIENT_REASONS``, or "" for a secret that is valid."""
        if not self.is_own:
            return "secret_wrong"
        is_live = self.expires_at is None or self.expires_at > now
        return "" if is_live else "secret_expired"
