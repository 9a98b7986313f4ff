"""The HTTP server of the workspace."""

from __future__ import annotations

import socket

import uvicorn

from adapters.web.platform import WebPlatform


class WebServer(uvicorn.Server):
    """Uvicorn that ends the streams of events first.

    It waits for open connections before it tells the application to stop, and a stream would stay open for ever.
    """

    def __init__(self, config: uvicorn.Config, platform: WebPlatform) -> None:
        super().__init__(config)
        self._platform = platform

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._platform.close()
        await super().shutdown(sockets)
