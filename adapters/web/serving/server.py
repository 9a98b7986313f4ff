"""The HTTP server of the workspace."""

from __future__ import annotations

import asyncio
import math
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import h11
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from adapters.web.platform import WebPlatform
from adapters.web.serving.proxies import BehindProxies

MOST_CONNECTIONS = 500
"""Open at once, streams of events included, so that files are left for the bot's own work."""
ACCEPTED_AT_ONCE = 32
"""Connections that the loop accepts in one go, before any of them can be refused. The others wait with the system."""
MOST_WAITING = 1024
REQUEST_WITHIN = 15.0
"""Seconds in which a request has to be here, with its body. Bodies are commands and events, and small."""
TAKEN_WITHIN = 30.0
"""Seconds in which whoever asked has to take what waits to be sent (some 64 kB at most), also of a stream of events."""
KEEP_ALIVE = 10  # seconds


class BoundedConnection(H11Protocol):
    """A connection that cannot be held open by saying nothing, one letter now and then, or by reading nothing.

    Where there are too many, the one makes room that has owed its request for the longest.
    """

    _deadline: asyncio.TimerHandle | None = None
    _reading_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            connections = [one for one in self.connections if isinstance(one, BoundedConnection)]
            min([self, *connections], key=lambda one: one.due).give_up()
        if not transport.is_closing():
            self._owe()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self._owe()
        else:
            self._paid()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._reading_deadline = self.loop.call_later(TAKEN_WITHIN, self.transport.abort)

    def resume_writing(self) -> None:
        self._is_read()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._paid()
        self._is_read()
        super().connection_lost(exc)

    def give_up(self) -> None:
        """Ends the connection, and makes room at once: many may come before the loop has closed this one."""
        self._paid()
        self.connections.discard(self)
        self.transport.abort()

    @property
    def due(self) -> float:
        """When its request has to be here, on the loop's clock; never, while it is worked on."""
        return self._deadline.when() if self._deadline else math.inf

    def _owe(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_WITHIN, self.transport.abort)

    def _is_read(self) -> None:
        if self._reading_deadline is not None:
            self._reading_deadline.cancel()
            self._reading_deadline = None

    def _paid(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def server_config(
    app: Starlette, *, host: str, port: int, trusted_proxies: Sequence[str] = (), stop_within: int = 5
) -> uvicorn.Config:
    """How the workspace is served. The `X-Forwarded-…` of `trusted_proxies`, addresses or networks, are believed."""
    return uvicorn.Config(
        BehindProxies(app, trusted_proxies),
        host=host,
        port=port,
        http=BoundedConnection,
        backlog=ACCEPTED_AT_ONCE,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # `BehindProxies` believes them, and remembers who says so
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=stop_within,
    )


class WebServer(uvicorn.Server):
    """Uvicorn that ends the streams of events first.

    It waits for open connections before it tells the application to stop, and a stream would stay open for ever.
    """

    def __init__(self, config: uvicorn.Config, platform: WebPlatform) -> None:
        super().__init__(config)
        self._platform = platform
        self._begun = asyncio.Event()

    async def serve_until_cancelled(self, listener: socket.socket) -> None:
        """Serves, and ends in its own order when cancelled: uvicorn alone takes that for a defect of ours."""
        serving = asyncio.create_task(self.serve(sockets=[listener]))
        begun = asyncio.create_task(self._begun.wait())
        try:
            await asyncio.shield(serving)
        finally:
            # Told to stop while it starts it would leave half of itself running.
            await asyncio.wait((serving, begun), return_when=asyncio.FIRST_COMPLETED)
            begun.cancel()
            self.should_exit = True
            await serving

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(MOST_WAITING)  # the loop told it the number that it accepts at once
        self._begun.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals to whoever runs the server: uvicorn would send them once more when it has ended."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._platform.close()
        await super().shutdown(sockets)
