"""What every request has to pass: the right host, the right origin, a session; and the headers of every answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.web.people.entrance import Entrance
from adapters.web.people.visitor import Visitor, let_in
from bot.errors import StorageError

# Nothing is loaded from anywhere else and no script or style stands in a page, so text that slipped through escaping
# could still not run.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Tells other sites nothing. With "no-referrer" browsers would also hide the origin of our own forms from us.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
#: Seconds after which an answer that is still being sent is looked at again.
LOOKED_AT_EVERY = 15.0
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def wants_json(request: HTTPConnection) -> bool:
    return "application/json" in request.headers.get("accept", "")


class SecurityHeaders:
    """Adds the headers that tell browsers to be careful. Answers that set one of them themselves keep theirs."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class HostCheck:
    """Answers only to the names that the workspace is known by.

    Without it a page elsewhere could point its own name at this machine and read everything (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, *, allowed_hosts: Sequence[str]) -> None:
        self._app = app
        self._allowed = frozenset(host.lower() for host in allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or host_name(Headers(scope=scope).get("host", "")) in self._allowed:
            await self._app(scope, receive, send)
            return
        refusal = PlainTextResponse("This address does not belong to the workspace.\n", status_code=421)
        await refusal(scope, receive, send)


class OriginCheck:
    """Refuses requests that change something and come from a page elsewhere.

    Browsers name the origin in every such request; programs, which have no ambient rights, name none.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _SAFE_METHODS or _is_same_origin(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        refusal = PlainTextResponse("This request came from another site.\n", status_code=403)
        await refusal(scope, receive, send)


class LoginRequired:
    """Lets nobody in who has to log in first. Pages lead to the login, everything else is refused.

    A stream that stays open ends when whoever listens would not be let in any more.
    """

    def __init__(self, app: ASGIApp, *, entrance: Entrance) -> None:
        self._app = app
        self._entrance = entrance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = HTTPConnection(scope)
        visitor = await self._entrance.visitor(request)
        if visitor is not None:
            let_in(scope, visitor)
            await self._app(scope, receive, self._while_let_in(request, visitor, send))
            return
        answer: Response = JSONResponse({"error": "Log in first."}, status_code=401)
        if "text/html" in request.headers.get("accept", ""):
            answer = RedirectResponse(f"/login?next={quote(request.url.path)}", status_code=303)
        await answer(scope, receive, send)

    def _while_let_in(self, request: HTTPConnection, visitor: Visitor, send: Send) -> Send:
        looked_at, over = time.monotonic(), False

        async def send_on(message: Message) -> None:
            nonlocal looked_at, over
            if over:
                return
            if message["type"] == "http.response.body" and message.get("more_body"):
                now = time.monotonic()
                if now - looked_at >= LOOKED_AT_EVERY:
                    looked_at = now
                    over = not await self._still_let_in(request, visitor)
            await send({"type": "http.response.body", "body": b""} if over else message)

        return send_on

    async def _still_let_in(self, request: HTTPConnection, visitor: Visitor) -> bool:
        try:
            now = await self._entrance.visitor(request)
        except StorageError:
            return True  # what is to be shown cannot be read, either
        return now is not None and (now.id, now.role) == (visitor.id, visitor.role)


def host_name(host: str) -> str:
    """The name in a Host header, without its port and in lower case; empty when there is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_same_origin(headers: Headers) -> bool:
    if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or (origin.count("/") == 2 and origin.partition("//")[2] == headers.get("host"))
