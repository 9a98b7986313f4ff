"""The HTTP server of the workspace."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from adapters.web.platform import WebPlatform


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
        self._begun.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals to whoever runs the server: uvicorn would send them once more when it has ended."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._platform.close()
        await super().shutdown(sockets)
