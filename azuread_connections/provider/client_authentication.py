"""How a client proves who it is: by its secret (RFC 6749 section 2.3.1)."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import unquote_plus

from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from .models import OAuthClient, OAuthClientSecret
from .models.client_secret import digest_of


@sensitive_variables()
def basic_credentials(request: Any) -> tuple[str, str] | None:
    """Return client ID and secret of the Authorization header; empty ones if it is malformed.

    RFC 6749 section 2.3.1: both are form-encoded first.
    """
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return "", ""
    client_id, _, secret = decoded.partition(":")
    return unquote_plus(client_id), unquote_plus(secret)


@sensitive_variables("secret")
def refusal_code(request: Any, client: Any, client_id: Any, secret: Any) -> str:
    """Return why a request is not from the client that it names, one of
    ``client_log.CLIENT_REASONS``; "" if it is.

    ``client``: django-oauth-toolkit's application of that ID, or None.
    """
    if basic_credentials(request) is not None:
        # Section 2.3: no more than one method.
        is_other = request.client_id not in {None, "", client_id}
        if request.client_secret or is_other or not client_id:
            return "credentials_malformed"
    if client is None:
        return "client_unknown"
    if client.azuread_client.is_public:
        return "secret_not_expected"
    return _secret_refusal_code(client.azuread_client, secret)


@sensitive_variables("secret")
def _secret_refusal_code(client: OAuthClient, secret: Any) -> str:
    if not isinstance(secret, str) or not secret:
        return "secret_missing"
    sent = client.sent_secret
    if sent is not None and sent.digest == digest_of(secret):
        return sent.refusal_code(timezone.now())
    # The client was read before its secret was looked at.
    if OAuthClientSecret.objects.accepts(client, secret):
        return ""
    return "secret_expired" if OAuthClientSecret.objects.knows(client, secret) else "secret_wrong"
