"""People first: while somebody waits for a page, what nobody waits for gives way to it."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.background import Precedence


class PeopleFirst:
    """Counts requests as what people wait for, until they are answered: streams only until they begin."""

    def __init__(self, app: ASGIApp, *, precedence: Precedence) -> None:
        self._app = app
        self._precedence = precedence

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        end = self._precedence.begin()

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                kind = Headers(raw=message.get("headers", [])).get("content-type", "")
                if kind.startswith("text/event-stream"):
                    end()
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            end()
