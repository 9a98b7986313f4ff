"""The routes of the API: who may read, what is asked, the answer with its tag, and problems in one form (RFC 9457)."""

from __future__ import annotations

import hashlib
import http
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.web.api.document import API, DOCUMENT, PROBLEM, api_document
from adapters.web.api.operations import OPERATIONS, Operation, Readings
from adapters.web.people.entrance import Entrance
from adapters.web.people.visitor import Visitor, let_in, visitor_of
from bot.errors import PaperRoundError, StorageError
from bot.people.tokens import PREFIX

_PRIVATE = {"cache-control": "private, no-cache", "vary": "Authorization, Cookie"}


def api_routes(readings: Readings, entrance: Entrance, protected: list[Middleware]) -> list[BaseRoute]:
    """`/api/v1/…`, and its document. `protected` is what every request has to pass besides."""
    inner = [Route(one.path, _answering(readings, one), name=one.id) for one in OPERATIONS]
    inner.append(Route("/{path:path}", _nothing, name="nothing"))
    return [
        Mount(
            API,
            routes=[
                Route(DOCUMENT.removeprefix(API), _show_document, name="document"),
                Mount("/", routes=inner, middleware=[Middleware(Access, entrance=entrance)]),
            ],
            middleware=[Middleware(Problems), *protected],
        )
    ]


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """An answer that says what is wrong."""
    content = {"type": "about:blank", "title": http.HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(content, status_code=status, headers=headers, media_type=PROBLEM)


class Access:
    """Lets in who has a valid token, and whoever may look at the pages."""

    def __init__(self, app: ASGIApp, *, entrance: Entrance) -> None:
        self._app = app
        self._entrance = entrance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        try:
            visitor = await self._visitor(request)
        except StorageError:
            await _unavailable()(scope, receive, send)
            return
        if visitor is None:
            words = f"Send a token: `Authorization: Bearer {PREFIX}…`. The page of your account makes one."
            await problem(401, words, {"www-authenticate": "Bearer"})(scope, receive, send)
            return
        let_in(scope, visitor)
        await self._app(scope, receive, send)

    async def _visitor(self, request: Request) -> Visitor | None:
        given = request.headers.get("authorization")
        if given is None:
            return await self._entrance.visitor(request)
        scheme, _, token = given.partition(" ")
        account = await self._entrance.people.tokens.bearer(token.strip()) if scheme.lower() == "bearer" else None
        return Visitor(id=account.reader, name=account.name, role=account.role, account=account) if account else None


class Problems:
    """Gives every refusal the one form, whoever refuses: the limits of requests, the check of hosts, the routes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal: Message | None = None
        body = b""

        async def send_on(message: Message) -> None:
            nonlocal refusal, body
            if message["type"] == "http.response.start" and _is_other_refusal(message):
                refusal = message
                return
            if refusal is None:
                await send(message)
                return
            body += message.get("body", b"")
            if not message.get("more_body"):
                answer = _as_problem(refusal, body)
                await answer(scope, receive, send)

        try:
            await self._app(scope, receive, send_on)
        except HTTPException as error:  # of a route that there is not, or not for that method
            await problem(error.status_code, error.detail, dict(error.headers or {}))(scope, receive, send)


def _is_other_refusal(start: Message) -> bool:
    kind = Headers(raw=start["headers"]).get("content-type", "")
    return bool(start["status"] >= 400) and not kind.startswith(PROBLEM)


def _as_problem(refusal: Message, body: bytes) -> Response:
    detail = body.decode(errors="replace").strip()
    with suppress(ValueError, LookupError, TypeError):
        detail = str(json.loads(detail)["error"])
    headers = Headers(raw=refusal["headers"])
    kept = {name: headers[name] for name in ("retry-after", "www-authenticate", "allow") if name in headers}
    return problem(refusal["status"], detail, kept)


def _answering(readings: Readings, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        given: dict[str, Any] = dict(request.query_params.multi_items())
        twice = [name for name in given if len(request.query_params.getlist(name)) > 1 or name in request.path_params]
        if twice:
            return problem(422, f"`{twice[0][:60]}` is there twice.")
        try:
            asked = operation.asked.model_validate({**given, **request.path_params})
            found = await operation.run(readings, visitor_of(request), asked)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            name = ".".join(str(part) for part in first["loc"])
            return problem(422, f"`{name[:60]}`: {first['msg']}.")
        except HTTPException as error:
            return problem(error.status_code, error.detail)
        except StorageError:
            return _unavailable()
        except PaperRoundError as error:
            return problem(422, str(error))
        return _tagged(request, found.model_dump_json().encode())

    return answer


async def _show_document(request: Request) -> Response:
    return _tagged(request, json.dumps(api_document(), ensure_ascii=False).encode())


async def _nothing(_request: Request) -> Response:
    return problem(404, f"There is nothing here: {DOCUMENT} says what there is.")


def _unavailable() -> Response:
    return problem(503, "The database does not answer right now; try again in a moment.", {"retry-after": "5"})


def _tagged(request: Request, body: bytes) -> Response:
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    known = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    headers = {**_PRIVATE, "etag": tag}
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")
