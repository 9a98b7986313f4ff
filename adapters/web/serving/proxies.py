"""Proxies before the workspace: who a request really comes from, and what they say about it."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

_PEER = "paperround.peer"


class BehindProxies:
    """Believes what trusted proxies say of where a request came from, and remembers who said it."""

    def __init__(self, app: ASGIApp, trusted: Sequence[str]) -> None:
        self._app: ASGIApp = ProxyHeadersMiddleware(app, trusted_hosts=list(trusted)) if trusted else app  # type: ignore[assignment, arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope[_PEER] = (scope.get("client") or ("", 0))[0]
        await self._app(scope, receive, send)


def peer_of(connection: HTTPConnection) -> str:
    """The address at the other end of the connection, a proxy's if there is one; empty where it is not known."""
    peer: str = connection.scope.get(_PEER, "")
    return peer
