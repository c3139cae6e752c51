"""`/ws`: frames to a client, and the little that it says."""

import asyncio
import contextlib
import uuid
from typing import Any

import orjson
from aiohttp import WSMsgType, web

from api import frames
from api.hub import Client
from api.services import services
from api.system import features

CLOSE_PATIENCE = 1.0
"""Seconds that a client has to agree to the end of a connection."""

routes = web.RouteTableDef()


@routes.get("/ws")
async def websocket(request: web.Request) -> web.WebSocketResponse:
    """Keep a client informed until it goes away."""
    socket = web.WebSocketResponse(timeout=CLOSE_PATIENCE)
    await socket.prepare(request)
    assert request.transport is not None
    hub = services(request).hub
    client = Client(request.query.get("clientId") or uuid.uuid4().hex, socket, request.transport.abort)
    hub.join(client)
    delivery = asyncio.create_task(_deliver(client))
    try:
        async for message in socket:
            flags = _flags(message.data) if message.type is WSMsgType.TEXT else None
            if flags is not None:
                client.send(frames.text("feature_flags", features(request)))
                hub.introduce(client, flags)
    finally:
        hub.leave(client)
        delivery.cancel()
    return socket


async def _deliver(client: Client) -> None:
    with contextlib.suppress(ConnectionError):
        await client.deliver()


def _flags(text: str) -> dict[str, Any] | None:
    """The abilities that a message names; None if it is any other message."""
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(message, dict) or message.get("type") != "feature_flags":
        return None
    flags = message.get("data")
    return flags if isinstance(flags, dict) else {}
