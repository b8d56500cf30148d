"""A site's WebSockets, without Channels: any ASGI application can be wrapped."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from azuread_connections.websocket import ConnectionWebsocketMiddleware, session_ended

Message = MutableMapping[str, Any]


async def news(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    if await session_ended(scope):
        await send({"type": "websocket.close"})


application = ConnectionWebsocketMiddleware(news)
