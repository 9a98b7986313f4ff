"""Requests as a server hands them to the application, made of inputs: a line, headers, an empty line, a body."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from starlette.types import ASGIApp

#: Seconds in which an answer has to be there.
ANSWERED_WITHIN = 10.0
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
#: Each request has an address of its own: what many from one meet is not what is looked at here.
_addresses = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Request:
    """`target` is a path with its query, in ASCII; names of headers are in lower case."""

    method: str
    target: str
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""


def request_of(data: bytes, marks: Mapping[bytes, bytes]) -> Request:
    """The request that an input says, without what no server lets through; `marks` are replaced by what they mean."""
    for mark, meaning in marks.items():
        data = data.replace(mark, meaning)
    head, _, body = data.partition(b"\n\n")
    line, *lines = head.split(b"\n")
    method, _, target = line.partition(b" ")
    headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
    return Request(
        method=method.decode() if _TOKEN.fullmatch(method) else "GET",
        target="/" + quote(target, safe="/%?&=+:,;@!$'()*~-._").lstrip("/"),
        headers=tuple((name, value.translate(None, b"\r\0")) for name, value in headers if _TOKEN.fullmatch(name)),
        body=body,
    )


async def status_of(app: ASGIApp, request: Request) -> int:
    """Sends a request to the application and goes away once it has been answered; returns the status."""
    statuses: list[int] = []
    answered = asyncio.Event()
    sent = False

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if not sent:
            sent = True
            return {"type": "http.request", "body": request.body, "more_body": False}
        await answered.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])
            assert all(b"\n" not in name + value and b"\r" not in value for name, value in message["headers"]), message
        else:
            answered.set()

    path, _, query = request.target.partition("?")
    number = next(_addresses)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": list(request.headers),
        "client": (f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", 50_000),
        "server": ("workspace", 80),
    }
    async with asyncio.timeout(ANSWERED_WITHIN):
        await app(scope, receive, send)
    assert len(statuses) == 1, f"{len(statuses)} answers"
    return statuses[0]
