"""Ends sessions whose sign-ins are revoked, disabled, refused or signed out at Microsoft."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.contrib.auth import logout
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import SimpleLazyObject

from .login.state.session import prune_invalid_sign_ins

Response = HttpResponseBase | Awaitable[HttpResponseBase]


class ConnectionSessionMiddleware:
    """Place it after Django's ``AuthenticationMiddleware``.

    It reads a session only when code accesses the request's user, and queries the database only
    every SESSION_CHECK_SECONDS, so most requests cost no query.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Response]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Response:
        user, auser = request.user, request.auser

        def checked_user() -> Any:
            return AnonymousUser() if user.is_authenticated and _ended(request) else user

        async def checked_auser() -> Any:
            found = await auser()
            if found.is_authenticated and await sync_to_async(_ended)(request):
                return AnonymousUser()
            return found

        request.user = SimpleLazyObject(checked_user)  # type: ignore[assignment]
        request.auser = checked_auser
        return self.get_response(request)


def _ended(request: HttpRequest) -> bool:
    """End the session if none of its sign-ins is valid any more; return whether it did."""
    if not prune_invalid_sign_ins(request):
        return False
    logout(request)
    return True
