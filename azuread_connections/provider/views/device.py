"""Gives codes to devices that cannot show a sign-in page (RFC 8628 sections 3.1 and 3.2)."""

from __future__ import annotations

import json

from django.http import HttpRequest

from ...client_address import client_address
from .. import device_codes, device_limits, lifetimes, programs, server, user_codes
from ..issuer import endpoint
from ..models.device import INTERVAL
from ..server import RefusedDevice, Response
from .endpoints import ClientView


class DeviceCodeView(ClientView):
    """The device authorization endpoint: ``device_authorization_endpoint`` of discovery."""

    def answer(self, request: HttpRequest, parameters: list[tuple[str, str]]) -> Response:
        try:
            asked = server.check_device_request(request, parameters)
        except RefusedDevice as refused:
            return refused.answer
        if not device_limits.may_request_codes(request, asked.client):
            return _too_many()
        try:
            codes = device_codes.issue(
                asked.client,
                asked.scopes,
                asked.api,
                address=client_address(request),
                program=programs.program_of(request.headers.get("User-Agent", "")),
            )
        except device_codes.TooManyWaiting:
            return _too_many()
        shown, page = user_codes.shown(codes.user_code), endpoint(request, "activate")
        answer = {
            "device_code": codes.device_code,
            "user_code": shown,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={shown}",
            "expires_in": int(lifetimes.DEVICE_CODE.total_seconds()),
            "interval": INTERVAL,
        }
        return Response(200, json.dumps(answer))


def _too_many() -> Response:
    """RFC 8628 names no error for this. The status is the one that clients wait for."""
    error = {
        "error": "temporarily_unavailable",
        "error_description": "Too many devices of this client wait. Try again later.",
    }
    return Response(429, json.dumps(error))
