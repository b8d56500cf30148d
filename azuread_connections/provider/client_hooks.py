"""oauthlib's questions about the client: who it is, and which grant types it may use."""

from __future__ import annotations

from typing import Any

from django.views.decorators.debug import sensitive_variables
from oauth2_provider.models import get_application_model
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2.rfc6749 import errors

from ..models.validators import is_plain
from . import client_log, failed_authentication, queries
from .client_authentication import basic_credentials, refusal_code
from .failed_authentication import TooManyFailures
from .headers import address_of
from .targets import find_target


class ClientHooks(OAuth2Validator):
    @sensitive_variables("secret")
    def _load_application(self, client_id: Any, request: Any, secret: Any = "") -> Any:
        """Find the client with our row and our application, and whether a secret is its own. One
        query in a request."""
        found = request.client
        if isinstance(found, get_application_model()):
            return found if found.client_id == client_id else None
        # A parameter of the request may be called "client".
        request.client = None
        if isinstance(client_id, str) and is_plain(client_id):
            client = queries.client(client_id, secret if isinstance(secret, str) else "")
            request.client = None if client is None else client.oauth_application
        return request.client

    def client_authentication_required(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        if basic_credentials(request) is not None or request.client_secret:
            return True
        client = self._load_application(request.client_id, request)
        return client is None or not client.azuread_client.is_public

    @sensitive_variables("secret")
    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        """Check the client's secret, sent by Basic or in the body (RFC 6749 section 2.3.1).

        Raises ``TooManyFailures``.
        """
        basic = basic_credentials(request)
        client_id, secret = basic or (request.client_id, request.client_secret)
        address = address_of(request)
        if wait := failed_authentication.seconds_to_wait(client_id, address):
            raise TooManyFailures(wait)
        client = self._load_application(client_id, request, secret)
        if not (reason := refusal_code(request, client, client_id, secret)):
            return True
        if failed_authentication.count(client_id, address):
            reason = "too_many_failures"
        application = client.azuread_client.application if client else None
        client_log.record_refused_client(reason, application, address)
        return False

    def authenticate_client_id(
        self, client_id: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """Accept a public client by its ID alone."""
        client = self._load_application(client_id, request)
        return client is not None and client.azuread_client.is_public

    def validate_client_id(self, client_id: Any, request: Any, *args: Any, **kwargs: Any) -> bool:
        if self._load_application(client_id, request) is not None:
            return True
        client_log.record_refused_client("client_unknown", None, address_of(request))
        return False

    def validate_grant_type(
        self, client_id: Any, grant_type: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        request.authorization = request.target = None
        if grant_type not in client.azuread_client.grant_types:
            raise not_allowed(grant_type, request)
        if grant_type == "client_credentials":
            request.target = find_target(client.azuread_client, request, for_itself=True)
        return True


def not_allowed(grant_type: str, request: Any) -> errors.OAuth2Error:
    return errors.UnauthorizedClientError(
        f"Grant type '{grant_type}' not allowed for the client.", request=request
    )
