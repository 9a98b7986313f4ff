"""The gateway of the simulated Discord: identify, resume, heartbeats, and every way in which they go wrong."""

from __future__ import annotations

import asyncio
import itertools
import json
import zlib
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from tests.simulators.discord_state import APPLICATION_ID, BOT, DiscordState, Json

GUILD_MESSAGES, GUILD_REACTIONS, DIRECT_MESSAGES, DIRECT_REACTIONS = 1 << 9, 1 << 10, 1 << 12, 1 << 13
MESSAGE_CONTENT = 1 << 15


@dataclass(slots=True)
class Connection:
    """One open socket."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    packer: Any = field(default_factory=zlib.compressobj)

    async def send(self, packet: Json) -> None:
        if not self.socket.closed:
            text = json.dumps(packet).encode()
            await self.socket.send_bytes(self.packer.compress(text) + self.packer.flush(zlib.Z_SYNC_FLUSH))


@dataclass(slots=True)
class Session:
    """What one session was told, so that it can be told again."""

    id: str
    intents: int
    events: list[Json] = field(default_factory=list)
    connection: Connection | None = None


class Gateway:
    """Whoever identifies with the token has a session of its own, and all of them hear of everything, as in Discord."""

    def __init__(self, state: DiscordState, token: str) -> None:
        self.state = state
        self.token = token
        self.url = ""
        self.identifies: list[Json] = []
        self.resumes = 0
        self.heartbeats = 0
        self.heartbeat_interval = 41_250  # milliseconds
        #: Whether heartbeats are acknowledged; events come all the same.
        self.acknowledges = True
        #: No heartbeat is acknowledged and nothing is said any more, though connections stay open.
        self.is_silent = False
        #: Nobody can connect any more.
        self.is_shut = False
        #: The next attempts to identify are answered with an invalid session.
        self.refuses = 0
        #: What is missing in the first words to the next sessions.
        self.ready_lacks: list[str] = []
        #: Servers that the next sessions are not told of, though the bot is in them.
        self.forgets: set[int] = set()
        self.sessions_left = (999, 3_600_000)  # and the milliseconds until there are more
        #: Whether the operator switched on the Message Content intent.
        self.gives_content = False
        self.ready = asyncio.Event()
        self.sessions: list[Session] = []
        self._numbers = itertools.count(1)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        if self.is_shut:
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse(autoping=True)
        await socket.prepare(request)
        connection = Connection(socket, request.transport)
        await connection.send({"op": 10, "d": {"heartbeat_interval": self.heartbeat_interval}})
        async for frame in socket:
            if frame.type is aiohttp.WSMsgType.TEXT:
                await self._heard(connection, json.loads(frame.data))
        for session in [session for session in self.sessions if session.connection is connection]:
            session.connection = None
            if socket.close_code in (1000, 1001):
                self.sessions.remove(session)  # whoever says goodbye does not come back
        if not self.open:
            self.ready.clear()
        return socket

    @property
    def open(self) -> int:
        """How many sessions are connected."""
        return sum(session.connection is not None for session in self.sessions)

    async def dispatch(self, event: str, data: Any) -> None:
        """An event; a session that is not connected hears of it when it resumes."""
        for session in list(self.sessions):
            await self._tell(session, event, data)

    async def drop(self) -> None:
        """The connections break without a word."""
        for session in self.sessions:
            connection, session.connection = session.connection, None
            if connection is not None and connection.transport is not None:
                connection.transport.abort()

    async def ask_to_reconnect(self) -> None:
        await self._say({"op": 7, "d": None})

    async def invalidate(self) -> None:
        """The sessions are over, and what happened meanwhile is lost."""
        open_ones = [session.connection for session in self.sessions if session.connection]
        self.sessions.clear()
        for connection in open_ones:
            await connection.send({"op": 9, "d": False})

    async def close(self, code: int = 1001) -> None:
        for session in list(self.sessions):
            if session.connection is not None:
                await session.connection.socket.close(code=code)

    async def _say(self, packet: Json) -> None:
        for session in self.sessions:
            if session.connection is not None:
                await session.connection.send(packet)

    async def _tell(self, session: Session, event: str, data: Any) -> None:
        packet = {"op": 0, "t": event, "s": len(session.events) + 1, "d": data}
        session.events.append(packet)
        if session.connection is not None and not self.is_silent:
            await session.connection.send(packet)

    async def _heard(self, connection: Connection, packet: Json) -> None:
        match packet["op"]:
            case 1:
                self.heartbeats += 1
                if self.acknowledges and not self.is_silent:
                    await connection.send({"op": 11})
            case 2:
                await self._identify(connection, packet["d"])
            case 6:
                await self._resume(connection, packet["d"])

    async def _identify(self, connection: Connection, data: Json) -> None:
        self.identifies.append(data)
        if data["token"] != self.token:
            await connection.socket.close(code=4004)
            return
        if data["intents"] & MESSAGE_CONTENT and not self.gives_content:
            await connection.socket.close(code=4014)
            return
        if self.refuses:
            self.refuses -= 1
            await connection.send({"op": 9, "d": False})
            return
        session = Session(f"session-{next(self._numbers)}", data["intents"], connection=connection)
        self.sessions.append(session)
        guilds = [guild for guild in self.state.guilds.values() if guild.id not in self.forgets]
        ready: Json = {
            "v": 10,
            "user": BOT,
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "shard": data["shard"],
            "application": {"id": str(APPLICATION_ID), "flags": 0},
        }
        if self.ready_lacks:
            del ready[self.ready_lacks.pop(0)]
        await self._tell(session, "READY", ready)
        for guild in guilds:
            if not guild.unavailable:
                await self._tell(session, "GUILD_CREATE", self.state.guild_json(guild))
        self.ready.set()

    async def _resume(self, connection: Connection, data: Json) -> None:
        self.resumes += 1
        session = next((one for one in self.sessions if one.id == data["session_id"]), None)
        if session is None:
            await connection.send({"op": 9, "d": False})
            return
        session.connection = connection
        for packet in session.events[data["seq"] :]:
            await connection.send(packet)
        await self._tell(session, "RESUMED", {})
        self.ready.set()

    def intents(self) -> int:
        return self.sessions[-1].intents

    @property
    def hears_messages(self) -> bool:
        return bool(self.intents() & GUILD_MESSAGES)

    @property
    def hears_direct_messages(self) -> bool:
        return bool(self.intents() & DIRECT_MESSAGES)

    def hears_reactions(self, *, directly: bool) -> bool:
        return bool(self.intents() & (DIRECT_REACTIONS if directly else GUILD_REACTIONS))

    @property
    def hears_content(self) -> bool:
        return bool(self.intents() & MESSAGE_CONTENT)

    def described(self) -> Any:
        """`GET /gateway/bot`."""
        left, milliseconds = self.sessions_left
        limit = {"total": 1000, "remaining": left, "reset_after": milliseconds, "max_concurrency": 1}
        return {"url": self.url, "shards": 1, "session_start_limit": limit}
