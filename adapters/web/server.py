"""The HTTP server of the workspace."""

from __future__ import annotations

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

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves signals to whoever runs the server: uvicorn would send them once more when it has ended."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._platform.close()
        await super().shutdown(sockets)
