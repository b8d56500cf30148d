"""What the sign-in log says of clients: who was not let in, and why.

An event is what an administrator looks for: a client that cannot authenticate itself, a person
whose tokens are refused, a token that was stolen. What goes well is a line of Python's log, as a
client can refresh its tokens every minute.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from ..log_fields import LogEvent, Outcome, log_fields
from ..login.log.client_events import Refusal, record_refusal
from ..models import Application, Event
from .models import Authorization, DeviceAuthorization

logger = logging.getLogger("azuread_connections")

#: Why a client is not believed to be who it says, or is not sent people.
CLIENT_REASONS = {
    "client_unknown": "No client has this client ID.",
    "secret_missing": "A confidential client has sent no secret.",
    "secret_wrong": "The secret is not one of the client's.",
    "secret_expired": "The secret has expired, or was replaced. Add another one.",
    "secret_not_expected": "A native or single page application has sent a secret. It has none.",
    "credentials_malformed": "The credentials are malformed, or sent in two ways at once.",
    "too_many_failures": "Too many requests with a wrong secret have come from this address.",
    "redirect_uri_not_listed": "The redirect URI is not one of the Allowed Callback URLs.",
}
#: Why the tokens of a person are refused to a client, though it has proven itself.
PERSON_REASONS = {
    "person_inactive": "The user is not active.",
    "person_untied": "The identity is tied to another user.",
    "person_revoked": "The person was signed out, or their sign-ins were revoked.",
    "connection_not_enabled": "The connection is not enabled for the application.",
    "directory_not_allowed": "The person's directory is not allowed.",
    "sign_in_too_old": "The sign-in is older than MAX_SIGN_IN_DAYS.",
    "client_type_changed": "The application was of another type then: with a secret, or without.",
    "grant_withdrawn": "The person's consent, or the client's grant for the API, was withdrawn.",
}
_MAX_DETAIL = 300


def record_refused_client(
    code: str, application: Application | None, address: str | None, *, detail: str = ""
) -> None:
    """``detail``: text of the request, which anybody can write."""
    said = f" {json.dumps(detail[:_MAX_DETAIL])}" if detail else ""
    record_refusal(
        Refusal(
            Event.Kind.CLIENT_REFUSED,
            code,
            CLIENT_REASONS[code] + said,
            application=application,
            address=address,
        )
    )


def record_refused_tokens(code: str, authorization: Authorization, address: str | None) -> None:
    _record_person(Event.Kind.TOKENS_REFUSED, code, PERSON_REASONS[code], authorization, address)


def record_reuse(what: str, authorization: Authorization, address: str | None) -> None:
    """Log what a stolen token looks like, or a client that loses its own. Without the token."""
    message = f"{what} was used a second time: all tokens of that sign-in are revoked."
    _record_person(Event.Kind.TOKENS_REUSED, "", message, authorization, address)


def log_signed_in(authorization: Authorization) -> None:
    """Write a line for a person who has signed in to a client."""
    _log_person(LogEvent.CLIENT_SIGNED_IN, Outcome.SUCCESS, authorization)


def log_device_signed_in(authorization: Authorization) -> None:
    """Write a line for a device whose person has allowed it, and that has fetched its tokens."""
    _log_person(LogEvent.DEVICE_SIGNED_IN, Outcome.SUCCESS, authorization)


def log_device_answer(
    answer: str, device: DeviceAuthorization, user: Any, address: str | None
) -> None:
    """Write a line for a person who has allowed or denied a device, with both addresses: a code
    that somebody else has sent them comes from elsewhere. ``answer``: "allowed" or "denied"."""
    event = LogEvent(f"device_{answer}")
    slug = device.client.application.slug
    logger.info(
        "%s application=%s user=%s address=%s device_address=%s",
        *(event, slug, user, address or "-", device.address or "-"),
        extra=log_fields(
            event,
            Outcome.SUCCESS if event is LogEvent.DEVICE_ALLOWED else Outcome.FAILURE,
            application=slug,
            user=str(user),
            address=address,
            device_address=device.address,
        ),
    )


def log_expired(authorization: Authorization) -> None:
    """Write a line for a refresh token that has come to its end."""
    _log_person(LogEvent.REFRESH_EXPIRED, Outcome.FAILURE, authorization)


def log_signed_out(application: Application | None, user: Any) -> None:
    """Write a line for a user (the key) who signs out by way of a client."""
    slug = application.slug if application else ""
    logger.info(
        "client_signed_out application=%s user=%s",
        *(slug or "-", user),
        extra=log_fields(
            LogEvent.CLIENT_SIGNED_OUT, Outcome.SUCCESS, application=slug, user=str(user)
        ),
    )


def _log_person(event: LogEvent, outcome: Outcome, authorization: Authorization) -> None:
    slug, identity = authorization.client.application.slug, authorization.identity_id
    logger.info(
        "%s application=%s identity=%s",
        *(event, slug, identity),
        extra=log_fields(event, outcome, application=slug, identity=identity),
    )


def _record_person(
    kind: Event.Kind,
    code: str,
    message: str,
    authorization: Authorization,
    address: str | None,
) -> None:
    record_refusal(
        Refusal(
            kind,
            code,
            message,
            application=authorization.client.application,
            connection=authorization.connection,
            identity=authorization.identity,
            address=address,
        )
    )
