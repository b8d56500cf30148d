"""Answers load balancers before anything of the site can refuse or redirect them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import get_script_prefix, resolve, reverse

Response = HttpResponseBase | Awaitable[HttpResponseBase]


class HealthMiddleware:
    """Place it first. Needs the URLs of ``health.urls``, under any prefix.

    A balancer asks by the worker's IP address and without TLS. Django's middleware would answer
    with 400 (ALLOWED_HOSTS) or a redirect to https (SECURE_SSL_REDIRECT).
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Response]) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Response:
        view = self._views.get(request.path_info)
        if view is None:
            return self.get_response(request)
        if self._is_async:
            # In a thread of its own: a request that hangs in Django's one must not stop a probe.
            view = sync_to_async(view, thread_sensitive=False)
        response: Response = view(request)
        return response

    @cached_property
    def _views(self) -> dict[str, Callable[[HttpRequest], Any]]:
        """The views by their paths. Not in ``__init__``: that would load the URLconf too early."""
        addresses = [reverse(f"azuread_health:{name}") for name in ("live", "ready")]
        paths = [f"/{address.removeprefix(get_script_prefix())}" for address in addresses]
        return {path: resolve(path).func for path in paths}
