"""Decides what a client gets: django-oauth-toolkit's validator, held to our applications."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from oauthlib.oauth2.rfc6749 import errors
from oauthlib.oauth2.rfc8628.grant_types import DeviceCodeGrant

from . import client_log, device_codes, endings, judge, lifetimes, signed_tokens, tokens
from .authorization_hooks import AuthorizationHooks
from .client_hooks import ClientHooks
from .device_grant import GRANT_TYPE as DEVICE_CODE
from .headers import address_of
from .models import Authorization
from .targets import check_target, find_target


class ClientValidator(ClientHooks, AuthorizationHooks):
    """oauthlib's questions about codes and refresh tokens, and what is given for them.

    Keeps nothing of a request: one object serves all of them.

    A client is django-oauth-toolkit's application, as oauthlib's ``request.client``, with our row
    beside it. ``request.authorization`` is set once a code or refresh token was found.
    """

    # --- A code -----------------------------------------------------------------------------------

    @sensitive_variables("code")
    def validate_code(
        self, client_id: Any, code: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        found = tokens.find_code(client.azuread_client, code)
        if found is None:
            return False
        if found.code_used_at is None and request.code_verifier and not found.code_challenge:
            return False  # RFC 9700 section 4.8.2: somebody took the challenge out
        return self._accept_code(found, "An authorization code", request)

    def _accept_code(self, found: Authorization, what: str, request: Any) -> bool:
        """Judge the person of a code, who has agreed a moment ago, and take what they agreed to."""
        if found.code_used_at is not None:
            found.revoke()  # RFC 6749 section 4.1.2
            client_log.record_reuse(what, found, address_of(request))
            return False
        if found.is_code_expired(timezone.now()) or not _is_person_valid(found, request):
            return False
        granted = _scopes_today(found, request)
        if granted is None:
            return False
        check_target(request, found)
        request.authorization = found
        request.user, request.scopes = found.user, granted
        return True

    def get_code_challenge(self, code: str, request: Any) -> str | None:
        return request.authorization.code_challenge or None

    def get_code_challenge_method(self, code: str, request: Any) -> str:
        return "S256"

    def confirm_redirect_uri(
        self, client_id: Any, code: str, redirect_uri: str, client: Any, request: Any, **kwargs: Any
    ) -> bool:
        if redirect_uri != request.authorization.redirect_uri:
            # Not oauthlib's "invalid_request": RFC 6749 section 5.2.
            raise errors.InvalidGrantError(
                "redirect_uri is not that of the authorization request.", request=request
            )
        return True

    def get_authorization_code_nonce(
        self, client_id: Any, code: str, redirect_uri: str, request: Any
    ) -> str | None:
        return request.authorization.nonce or None

    def invalidate_authorization_code(
        self, client_id: Any, code: str, request: Any, *args: Any, **kwargs: Any
    ) -> None:
        """It was marked as used with the tokens, in one transaction."""

    # --- A device code ----------------------------------------------------------------------------

    def find_target_of_device(self, request: Any) -> None:
        """Find the API that a device asks for, before its person has agreed to anything."""
        request.target = find_target(request.client.azuread_client, request, for_itself=False)

    @sensitive_variables("device_code")
    def validate_device_code(
        self, client_id: Any, device_code: str, request: Any, *args: Any, **kwargs: Any
    ) -> str | None:
        """Return oauthlib's word for how far a device is; None for a code that is not valid."""
        found = device_codes.find(request.client.azuread_client, device_code)
        if found is None:
            return None
        status = device_codes.poll(found, timezone.now())
        if found.authorization is None or status != DeviceCodeGrant.DEVICE_CODE_AUTHORIZED:
            return status
        return status if self._accept_code(found.authorization, "A device code", request) else None

    # --- A refresh token --------------------------------------------------------------------------

    @sensitive_variables("refresh_token")
    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """Judge the person again. A token that was used before ends its whole family."""
        found = tokens.find_refresh_token(client.azuread_client, refresh_token)
        if found is None:
            return False
        authorization = tokens.find_family(client.azuread_client, found.token_family)
        if authorization is None or authorization.revoked_at is not None:
            return False
        now = timezone.now()
        if found.revoked is not None:
            authorization.revoke()
            client_log.record_reuse("A refresh token", authorization, address_of(request))
            return False
        is_over = (
            found.created + lifetimes.unused_refresh_token(authorization.client) <= now
            or authorization.created_at + lifetimes.refresh_token(authorization.client) <= now
        )
        if is_over:
            client_log.log_expired(authorization)
        elif not _is_person_valid(authorization, request):
            endings.end([authorization])
            return False
        granted = None if is_over else _scopes_today(authorization, request)
        if granted is None:
            authorization.revoke()
            return False
        request.scopes_today = granted
        check_target(request, authorization)
        request.authorization, request.refresh_token_instance = authorization, found
        request.user = authorization.user
        return True

    def get_original_scopes(self, refresh_token: str, request: Any, **kwargs: Any) -> list[str]:
        granted: list[str] = request.scopes_today
        return granted

    def rotate_refresh_token(self, request: Any) -> bool:
        return True

    # --- Tokens -----------------------------------------------------------------------------------

    @sensitive_variables("token")
    def save_bearer_token(self, token: Any, request: Any, *args: Any, **kwargs: Any) -> None:
        """Store the tokens, and use up the code or the refresh token for them."""
        if request.grant_type == "client_credentials":
            tokens.issue_for_client(token, request.client)
            return
        try:
            if request.grant_type == "refresh_token":
                tokens.issue_for_refresh(
                    token, request.client, request.authorization, request.refresh_token_instance
                )
            else:
                tokens.issue_for_code(token, request.client, request.authorization)
                if request.grant_type == DEVICE_CODE:
                    client_log.log_device_signed_in(request.authorization)
                else:
                    client_log.log_signed_in(request.authorization)
        except tokens.AlreadyUsed:
            # As one that is used a second time.
            request.authorization.revoke()
            client_log.record_reuse(
                "A code or refresh token", request.authorization, address_of(request)
            )
            raise errors.InvalidGrantError(request=request) from None

    def finalize_id_token(
        self, id_token: dict[str, Any], token: Any, token_handler: Any, request: Any
    ) -> str:
        return signed_tokens.id_token(id_token, request)

    @sensitive_variables("token")
    def revoke_token(
        self, token: str, token_type_hint: Any, request: Any, *args: Any, **kwargs: Any
    ) -> None:
        tokens.revoke(request.client.azuread_client, token)


def _is_person_valid(authorization: Authorization, request: Any) -> bool:
    """Return whether the person may still use the client, at this moment; log why not."""
    if judge.is_valid(authorization, recheck=True):
        return True
    if authorization.revoked_at is None:
        reason = judge.why_refused(authorization)
        client_log.record_refused_tokens(reason, authorization, address_of(request))
    return False


def _scopes_today(authorization: Authorization, request: Any) -> list[str] | None:
    """Return the scopes that the client can still be given; log it if there are none."""
    granted = judge.scopes_today(authorization)
    if granted is None:
        client_log.record_refused_tokens("grant_withdrawn", authorization, address_of(request))
    return granted
