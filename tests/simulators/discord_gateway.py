"""The gateway of the simulated Discord: identify, resume, heartbeats, and every way in which they go wrong."""

from __future__ import annotations

import asyncio
import json
import zlib
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from tests.simulators.discord_world import APPLICATION_ID, BOT, Json, World

GUILD_MESSAGES, MESSAGE_CONTENT = 1 << 9, 1 << 15


@dataclass(slots=True)
class Session:
    """What one session was told, so that it can be told again."""

    id: str
    intents: int
    events: list[Json] = field(default_factory=list)


class Gateway:
    """Any number of shards may connect; there is one session at a time for all of them."""

    def __init__(self, world: World, token: str) -> None:
        self.world = world
        self.token = token
        self.url = ""
        self.identifies: list[Json] = []
        self.resumes = 0
        self.heartbeats = 0
        self.sessions_left = (999, 3_600_000)  # and the milliseconds until there are more
        #: Whether the operator switched on the Message Content intent.
        self.gives_content = False
        self.ready = asyncio.Event()
        self._session: Session | None = None
        self._socket: web.WebSocketResponse | None = None
        self._transport: asyncio.Transport | None = None
        self._packer = zlib.compressobj()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=True)
        await socket.prepare(request)
        self._packer = zlib.compressobj()
        self._socket, self._transport = socket, request.transport
        await self._send({"op": 10, "d": {"heartbeat_interval": 41250}})
        async for frame in socket:
            if frame.type is aiohttp.WSMsgType.TEXT:
                await self._heard(json.loads(frame.data))
        if self._socket is socket:
            self._socket = None
            self.ready.clear()
        return socket

    async def dispatch(self, event: str, data: Json) -> None:
        """An event; a session that is not connected hears of it when it resumes."""
        session = self._session
        if session is None:
            return
        packet = {"op": 0, "t": event, "s": len(session.events) + 1, "d": data}
        session.events.append(packet)
        if self._socket is not None and not self._socket.closed:
            await self._send(packet)

    async def drop(self) -> None:
        """The connection breaks without a word."""
        transport, self._socket = self._transport, None
        if transport is not None:
            transport.abort()

    async def ask_to_reconnect(self) -> None:
        await self._send({"op": 7, "d": None})

    async def invalidate(self) -> None:
        """The session is over, and what happened meanwhile is lost."""
        self._session = None
        await self._send({"op": 9, "d": False})

    async def close(self, code: int = 1001) -> None:
        if self._socket is not None:
            await self._socket.close(code=code)

    async def _heard(self, packet: Json) -> None:
        match packet["op"]:
            case 1:
                self.heartbeats += 1
                await self._send({"op": 11})
            case 2:
                await self._identify(packet["d"])
            case 6:
                await self._resume(packet["d"])

    async def _identify(self, data: Json) -> None:
        self.identifies.append(data)
        if data["token"] != self.token:
            await self.close(4004)
            return
        if data["intents"] & MESSAGE_CONTENT and not self.gives_content:
            await self.close(4014)
            return
        self._session = Session(f"session-{len(self.identifies)}", data["intents"])
        guilds = list(self.world.guilds.values())
        await self.dispatch(
            "READY",
            {
                "v": 10,
                "user": BOT,
                "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
                "session_id": self._session.id,
                "resume_gateway_url": self.url,
                "shard": data["shard"],
                "application": {"id": str(APPLICATION_ID), "flags": 0},
            },
        )
        for guild in guilds:
            if not guild.unavailable:
                await self.dispatch("GUILD_CREATE", self.world.guild_json(guild))
        self.ready.set()

    async def _resume(self, data: Json) -> None:
        self.resumes += 1
        session = self._session
        if session is None or session.id != data["session_id"]:
            self._session = None
            await self._send({"op": 9, "d": False})
            return
        for packet in session.events[data["seq"] :]:
            await self._send(packet)
        await self.dispatch("RESUMED", {})
        self.ready.set()

    async def _send(self, packet: Json) -> None:
        assert self._socket is not None
        text = json.dumps(packet).encode()
        await self._socket.send_bytes(self._packer.compress(text) + self._packer.flush(zlib.Z_SYNC_FLUSH))

    def intents(self) -> int:
        assert self._session is not None
        return self._session.intents

    @property
    def hears_messages(self) -> bool:
        return bool(self.intents() & GUILD_MESSAGES)

    @property
    def hears_content(self) -> bool:
        return bool(self.intents() & MESSAGE_CONTENT)

    def described(self) -> Any:
        """`GET /gateway/bot`."""
        left, milliseconds = self.sessions_left
        limit = {"total": 1000, "remaining": left, "reset_after": milliseconds, "max_concurrency": 1}
        return {"url": self.url, "shards": 1, "session_start_limit": limit}
