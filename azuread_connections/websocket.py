"""Ends the WebSockets of sessions that are over. For Django Channels, and any other ASGI stack."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, load_backend
from django.contrib.auth.models import AnonymousUser
from django.db import close_old_connections
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from .conf import conf
from .login.state.session import is_proven, is_still_valid, sign_ins

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[Any]]

#: Of a socket whose session is over. RFC 6455 section 7.4.2: 4000 to 4999 are for private use.
CLOSE_CODE = 4401
#: Seconds between two checks of a silent socket, also where SESSION_CHECK_SECONDS is 0.
_SHORTEST_INTERVAL = 1


class ConnectionWebsocketMiddleware:
    """Place it inside of the middleware that sets ``scope["session"]`` and ``scope["user"]``:
    ``AuthMiddlewareStack(ConnectionWebsocketMiddleware(URLRouter([...])))``.

    A socket is opened without a user if its session is over already. An open one is looked at every
    SESSION_CHECK_SECONDS and, if its session is over, closed with ``CLOSE_CODE``; the consumer
    receives ``websocket.disconnect``. A look costs three queries: the session, the user, the
    sign-in. Sockets without a user are not looked at.
    """

    def __init__(self, app: Application) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        if scope["type"] != "websocket" or not scope["user"].is_authenticated:
            return await self.app(scope, receive, send)
        if await session_ended(scope):
            return await self.app({**scope, "user": AnonymousUser()}, receive, send)
        socket = _Socket(scope, receive, send)
        try:
            return await self.app(scope, socket.receive, socket.send)
        finally:
            socket.stop()


async def session_ended(scope: Scope) -> bool:
    """Return whether the session of a socket that has a user is over.

    It is if the person has signed out, or the user is deactivated or deleted, or has another
    password, or if none of the session's sign-ins by a connection is valid any more, as of now. A
    consumer can call it before it does something important.
    """
    return await sync_to_async(_session_ended)(scope["session"], scope["user"])


def _session_ended(opened_with: Any, user: Any) -> bool:
    # As Django does around each request: a connection that the database has closed is not used.
    close_old_connections()
    try:
        return _is_over(opened_with, user)
    finally:
        close_old_connections()


def _is_over(opened_with: Any, user: Any) -> bool:
    request = HttpRequest()
    # As it is stored now. The scope has the session as it was when the socket was opened.
    request.session = opened_with.__class__(opened_with.session_key)
    if request.session.get(SESSION_KEY) != user._meta.pk.value_to_string(user):
        return True
    if not _is_authentic(request, user.pk):
        return True
    if not is_proven(request):
        return False
    key = request.session[SESSION_KEY]
    return not any(is_still_valid(each, key, recheck=True) for each in sign_ins(request))


def _is_authentic(request: HttpRequest, key: Any) -> bool:
    """Return whether the user (the key) may still have this session, as
    ``django.contrib.auth.get_user`` does.

    That function would give the session a new key where SECRET_KEY has changed, which the browser
    would not learn.
    """
    path = request.session.get(BACKEND_SESSION_KEY, "")
    if path not in conf.authentication_backends:
        return False
    backend: Any = load_backend(path)
    user: Any = backend.get_user(key)
    if user is None:
        return False
    if not hasattr(user, "get_session_auth_hash"):
        return True
    stored = request.session.get(HASH_SESSION_KEY, "")
    hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    return any(constant_time_compare(stored, each) for each in hashes)


class _Socket:
    """Looks at the session between messages: a client's, and those that it is sent."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._pending: asyncio.Future[Message] | None = None
        self._is_over = False
        self._next_look = self._now() + self._interval()

    async def receive(self) -> Message:
        # The server's ``receive`` is never cancelled by a look: it could lose a message.
        self._pending = self._pending or asyncio.ensure_future(self._receive())
        while True:
            if self._is_over or (not self._has_left() and await self._has_ended()):
                return {"type": "websocket.disconnect", "code": CLOSE_CODE}
            if self._pending.done():
                message, self._pending = self._pending.result(), None
                return message
            await asyncio.wait({self._pending}, timeout=max(0, self._next_look - self._now()))

    def _has_left(self) -> bool:
        pending = self._pending
        return bool(
            pending and pending.done() and pending.result()["type"] == "websocket.disconnect"
        )

    async def send(self, message: Message) -> None:
        # A consumer can send for hours without receiving anything.
        if message["type"] == "websocket.send" and not self._is_over:
            await self._has_ended()
        if not self._is_over:
            await self._send(message)

    def stop(self) -> None:
        if self._pending is not None:
            self._pending.cancel()

    async def _has_ended(self) -> bool:
        """Look, if it is time, and close the socket if its session is over."""
        if self._now() < self._next_look:
            return False
        # Before the look, so that ``receive`` and ``send`` do not both look.
        self._next_look = self._now() + self._interval()
        if not await session_ended(self._scope):
            return False
        self._is_over = True
        await self._send({"type": "websocket.close", "code": CLOSE_CODE})
        return True

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _interval(self) -> float:
        return max(conf.session_check_seconds, _SHORTEST_INTERVAL)
