"""oauthlib's device code grant (RFC 8628), with what it leaves out."""

from __future__ import annotations

import json
from typing import Any

from oauthlib.oauth2.rfc8628.grant_types import DeviceCodeGrant as OAuth2DeviceCodeGrant
from oauthlib.openid.connect.core.grant_types.base import GrantTypeBase

from ..models import Application

GRANT_TYPE = Application.GrantType.DEVICE_CODE.value


class _DeviceCodeGrant(OAuth2DeviceCodeGrant):
    """The checks of a poll and its errors are oauthlib's (4.0.1). Of the rest:

    - its token response calls no token modifiers, so that there would be no ID token;
    - its request check demands ``client_id`` in addition to Basic, refuses JSON, and does not ask
      whether the client may use the grant;
    - its ``DeviceAuthorizationEndpoint`` knows its addresses before it knows the request, generates
      shorter codes, and stores none. ``views.device`` takes its place.
    """

    def validate_device_authorization_request(self, request: Any) -> None:
        """Check what a device asks for. Raises ``OAuth2Error``."""
        # Parameters can be called so, too.
        request.grant_type, request.scopes = GRANT_TYPE, None
        self.validate_client_authentication(request)
        self.validate_grant_type(request)
        self.request_validator.find_target_of_device(request)
        super().validate_scopes(request)

    def validate_scopes(self, request: Any) -> None:
        """A poll names none: the scopes are those that the person has allowed."""

    def create_token_response(self, request: Any, token_handler: Any) -> tuple[Any, str, int]:
        self.validate_token_request(request)
        token = token_handler.create_token(request, refresh_token=True)
        for modifier in self._token_modifiers:
            token = modifier(token, token_handler, request)
        self.request_validator.save_token(token, request)
        return self._get_default_headers(), json.dumps(token), 200


class DeviceCodeGrant(GrantTypeBase):
    """The same with an ID token, where the scope ``openid`` was allowed."""

    def __init__(self, request_validator: Any) -> None:
        self.proxy_target = _DeviceCodeGrant(request_validator=request_validator)
        self.register_token_modifier(self.add_id_token)
