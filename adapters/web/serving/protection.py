"""What every request has to pass: the right host, the right origin, a session; and the headers of every answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.web.people.sessions import Sessions, client_of
from adapters.web.people.visitor import LOCAL_VISITOR, let_in

# Nothing is loaded from anywhere else and no script or style stands in a page, so text that slipped through escaping
# could still not run.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:; connect-src 'self'; "
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
    """Lets nobody in without a session. Pages lead to the login, everything else is refused."""

    def __init__(self, app: ASGIApp, *, sessions: Sessions) -> None:
        self._app = app
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = HTTPConnection(scope)
        if self._sessions.holds(request):
            let_in(scope, replace(LOCAL_VISITOR, has_logged_in=True))
            await self._app(scope, receive, send)
            return
        answer: Response = JSONResponse({"error": "Log in first."}, status_code=401)
        if "text/html" in request.headers.get("accept", ""):
            answer = RedirectResponse(f"/login?next={quote(request.url.path)}", status_code=303)
        await answer(scope, receive, send)


def may_look_inside(request: Request, sessions: Sessions | None, allowed_hosts: Sequence[str]) -> bool:
    """With a password: a session, or the password as a bearer token. Without: under an allowed name only."""
    if sessions is None:
        return host_name(request.headers.get("host", "")) in {host.lower() for host in allowed_hosts}
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and sessions.wait_before(client_of(request)) == 0:
        # Headers are read as Latin-1, and programs send passwords as UTF-8.
        return sessions.is_password(token.encode("latin-1").decode(errors="replace"), client_of(request))
    return sessions.holds(request)


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
