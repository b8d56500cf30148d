"""What each line of the logger ``azuread_connections`` says in fields, for logs that programs read.

Every record has the attribute ``azuread``, a dict: its keys are ``FIELDS``, its values are texts,
numbers and booleans. A JSON formatter prints it with the rest of the record. See docs/logging.md.
"""

from __future__ import annotations

import enum
from typing import Any, Final

#: The keys of the dict, in the order of the page. Only ``event`` and ``outcome`` are always there.
FIELDS: Final = (
    "event",
    "outcome",
    "code",
    "reference",
    "connection",
    "application",
    "person",
    "identity",
    "user",
    "aadsts",
    "correlation_id",
    "trace_id",
    "is_unconfirmed",
    "address",
    "device_address",
    "limit",
    "detail",
)


class LogEvent(enum.StrEnum):
    """What is logged without a line of the sign-in log. Those lines have an ``Event.Kind``."""

    CACHE_UNREACHABLE = "cache_unreachable"
    CLIENT_SIGNED_IN = "client_signed_in"
    CLIENT_SIGNED_OUT = "client_signed_out"
    DEVICE_ALLOWED = "device_allowed"
    DEVICE_DENIED = "device_denied"
    DEVICE_SIGNED_IN = "device_signed_in"
    EVENT_NOT_STORED = "event_not_stored"
    LIMIT_REACHED = "limit_reached"
    LOGOUT_NOTICE_FAILED = "logout_notice_failed"
    MAIL_FAILED = "mail_failed"
    METRICS_FAILED = "metrics_failed"
    PROVISIONING_ERROR = "provisioning_error"
    NOT_READY = "not_ready"
    QUERY_NOT_COMPILED = "query_not_compiled"
    REFRESH_EXPIRED = "refresh_expired"
    ROTATION_ERROR = "rotation_error"
    UNSEEN_HTTPS = "unseen_https"


class Outcome(enum.StrEnum):
    """The values of ``outcome``, which are those of ECS and of OpenTelemetry."""

    SUCCESS = "success"
    FAILURE = "failure"


def log_fields(
    event: str, outcome: Outcome = Outcome.FAILURE, **fields: Any
) -> dict[str, dict[str, Any]]:
    """Return the argument ``extra`` of a call of the logger.

    ``fields``: what else is known, by the keys of ``FIELDS``; None, false and "" are left out.
    Never a secret, a code or a token. Raises ``ValueError`` for a key that no page explains.
    """
    unknown = fields.keys() - set(FIELDS)
    if unknown:
        raise ValueError(f"Not among the documented fields: {sorted(unknown)}.")
    known = {name: value for name, value in fields.items() if value}
    return {"azuread": {"event": str(event), "outcome": str(outcome)} | known}
