"""Graph's own error bodies, which differ from the login service's."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

from ..server.call import Call
from ..server.wire import Response, json_response

# Graph's code for a status without a more precise one.
CODES = {
    400: "BadRequest",
    401: "InvalidAuthenticationToken",
    403: "Authorization_RequestDenied",
    404: "Request_ResourceNotFound",
    429: "TooManyRequests",
    500: "InternalServerError",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}
MESSAGES = {
    401: "Access token is empty.",
    403: "Insufficient privileges to complete the operation.",
    429: "Too many requests.",
    503: "Service is temporarily unavailable. Please try again later.",
}


class GraphRefusal(Exception):
    """Raised if Graph refuses; holds the content of the body."""

    def __init__(
        self,
        status: int,
        message: str | None = None,
        code: str | None = None,
        claims: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code or CODES.get(status, "UnknownError")
        self.claims = claims
        self.message = message or MESSAGES.get(status, "The request could not be completed.")


def not_found(object_id: str) -> GraphRefusal:
    return GraphRefusal(
        404,
        f"Resource '{object_id}' does not exist or one of its queried reference-property "
        "objects are not present.",
    )


def bad_request(message: str, code: str = "Request_BadRequest") -> GraphRefusal:
    return GraphRefusal(400, message, code)


def refused(call: Call, refusal: GraphRefusal) -> Response:
    """The JSON error with the ids that support would ask for."""
    headers = {"request-id": call.incident.trace_id}
    if refusal.status == 401:
        headers["WWW-Authenticate"] = (
            'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/'
            'authorize", client_id="00000003-0000-0000-c000-000000000000"'
        )
        if refusal.claims is not None:
            encoded = base64.b64encode(refusal.claims.encode()).decode()
            headers["WWW-Authenticate"] += f', error="insufficient_claims", claims="{encoded}"'
    body = {
        "error": {
            "code": refusal.code,
            "message": refusal.message,
            "innerError": {
                "date": datetime.fromtimestamp(call.now, UTC).strftime("%Y-%m-%dT%H:%M:%S"),
                "request-id": call.incident.trace_id,
                "client-request-id": call.incident.correlation_id,
            },
        }
    }
    return json_response(body, status=refusal.status, headers=headers)
