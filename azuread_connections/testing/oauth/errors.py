"""Microsoft's error bodies."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..server.wire import RecordedRequest, Response, json_response
from .aadsts import CATALOGUE, UNKNOWN, Aadsts

#: The code of a refusal without a number of Microsoft's, such as a person's "Cancel".
NO_NUMBER = 0


class Refusal(Exception):
    """Raised if a request is refused; `facts` are inserted into the code's text."""

    def __init__(self, code: int, /, **facts: str) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts
        self.error: str | None = None

    def told_as(self, error: str) -> Refusal:
        """The same refusal, returned to the app with this OAuth error instead of shown on a
        page."""
        self.error = error
        return self

    @property
    def entry(self) -> Aadsts:
        return CATALOGUE.get(self.code, UNKNOWN)


@dataclass(frozen=True)
class Incident:
    """What support would ask for: the time and the ids of the error."""

    trace_id: str
    correlation_id: str
    timestamp: str

    def describe(self, refusal: Refusal) -> str:
        """The `error_description`: on one line, as recorded since 2024."""
        text = refusal.entry.text.format_map(defaultdict(lambda: "unknown", refusal.facts))
        return (
            f"AADSTS{refusal.code}: {text} Trace ID: {self.trace_id} "
            f"Correlation ID: {self.correlation_id} Timestamp: {self.timestamp}"
        )


def open_incident(request: RecordedRequest, now: float) -> Incident:
    """New ids; the correlation ID is the client's own if it sent a GUID."""
    sent = request.headers.get("client-request-id") or (
        request.form.get("client-request-id") or request.query.get("client-request-id")
    )
    return Incident(
        trace_id=str(uuid.uuid4()),
        correlation_id=_guid_or_new(sent),
        timestamp=datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%SZ"),
    )


def error_response(
    refusal: Refusal,
    incident: Incident,
    *,
    url: str,
    error: str | None = None,
    status: int | None = None,
    subcode: str | None = None,
    claims: str | None = None,
) -> Response:
    """The JSON body with the status that belongs to the code."""
    body: dict[str, Any] = {
        "error": error or refusal.entry.error,
        "timestamp": incident.timestamp,
        "trace_id": incident.trace_id,
        "correlation_id": incident.correlation_id,
    }
    if refusal.code != NO_NUMBER:
        body["error_description"] = incident.describe(refusal)
        body["error_codes"] = [refusal.code]
        body["error_uri"] = error_uri(url, refusal.code)
    if suberror := subcode or refusal.entry.suberror:
        body["suberror"] = suberror
    if claims is not None:
        body["claims"] = claims
    return json_response(
        body,
        status=status or refusal.entry.status,
        headers={
            "Cache-Control": "no-store, no-cache",
            "Pragma": "no-cache",
            "x-ms-request-id": incident.trace_id,
        },
    )


def callback_error(
    refusal: Refusal, incident: Incident, *, url: str, error: str | None = None
) -> dict[str, str]:
    """The parameters with which authorize sends the browser back after an error."""
    if refusal.code == NO_NUMBER:
        return {"error": error or refusal.entry.error}
    return {
        "error": error or refusal.entry.error,
        "error_description": incident.describe(refusal),
        "error_uri": error_uri(url, refusal.code),
    }


def error_uri(url: str, code: int) -> str:
    return f"{url}/error?code={code}"


def _guid_or_new(text: str | None) -> str:
    try:
        return str(uuid.UUID(text or ""))
    except ValueError:
        return str(uuid.uuid4())
