"""Feeds for tests, on loopback: the recorded one that stands in for the public sites, and one that says anything.

    from tests.feed_server import FeedServer, ScriptedFeed, feed_server, http_answer

Import the fixture `feed_server` into a `conftest.py` to use it; tests that need it skip where the recordings are not.
"""

from __future__ import annotations

import http.client
import json
import select
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.patience import PATIENCE

SHARED = (Path(__file__).resolve().parents[1] / ".." / "shared").resolve()
RECORDED_DAYS = SHARED / "data" / "huggingface"
RECORDED_CAPTURES = SHARED / "data" / "huggingface_versions"
_READ_WITHIN = 300.0  # seconds, on the busiest machine
_PROGRAM = SHARED / "tools" / "feed_server.py"

needs_recordings = pytest.mark.skipif(
    not _PROGRAM.exists(), reason="the recorded feeds are not beside the project (../shared)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRequest:
    """A request as the recorded feed saw it."""

    path: str
    query: dict[str, str]
    status: int
    if_none_match: str | None


class FeedServer:
    """The recorded feeds in a process of their own, as they were at the end of the day `today`.

    Use it as a context manager. `url` is the address without a path. Where somebody asks it for papers of arXiv who
    does not wait for long, `arxiv` has it read them before: that takes it seconds of the processor.
    """

    def __init__(self, *, today: str = "2026-04-30", arxiv: bool = False) -> None:
        if not _PROGRAM.exists():
            pytest.skip("the recorded feeds are not beside the project (../shared)")
        self._process = subprocess.Popen(
            [sys.executable, str(_PROGRAM), "--port", "0", "--today", today], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout
        ready, _, _ = select.select([self._process.stdout], [], [], 30)
        greeting = self._process.stdout.readline() if ready else ""
        if not greeting.startswith("feeds on "):
            self.close()
            raise RuntimeError(f"the feed server did not start: {greeting!r}")
        self.url = greeting.split()[2]
        if arxiv:
            self._read_arxiv()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._process.kill()
        self._process.wait(10)
        if self._process.stdout:
            self._process.stdout.close()

    def set_today(self, day: str) -> None:
        """Shows the days up to this one."""
        self._control("today", {"today": day})

    def show_capture(self, day: str, number: int) -> None:
        """Shows a day as it was recorded for the nth time, from 0."""
        self._control("capture", {"day": day, "n": number})

    def fail(self, *, path: str = "/api/daily_papers", times: int = 1, **fault: float | bool) -> None:
        """The next requests go wrong: `status`, `retry_after` (seconds), `delay` (seconds) or `truncate`."""
        self._control("fault", {"path": path, "times": times, **fault})

    def log(self) -> list[LoggedRequest]:
        """Every request since the start, but those of this class."""
        return [
            LoggedRequest(
                path=entry["path"],
                query=entry["query"],
                status=entry["status"],
                if_none_match=entry.get("if_none_match"),
            )
            for entry in cast("list[dict[str, Any]]", self._request("GET", "log"))
        ]

    def _read_arxiv(self) -> None:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=_READ_WITHIN)
        try:
            connection.request("GET", "/api/query?id_list=2604.00001")
            connection.getresponse().read()
        finally:
            connection.close()

    def _control(self, what: str, order: dict[str, object]) -> None:
        self._request("POST", what, json.dumps(order))

    def _request(self, method: str, what: str, body: str | None = None) -> object:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=PATIENCE)
        try:
            connection.request(method, f"/control/{what}", body)
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status == 200, (what, answer.status, content)
            return json.loads(content)
        finally:
            connection.close()


@pytest.fixture
def feed_server() -> Iterator[FeedServer]:
    """A recorded feed of its own for each test, so that faults and the log never carry over."""
    with FeedServer() as server:
        yield server


@dataclass(frozen=True, slots=True)
class Request:
    """What came in; the names of headers in small letters."""

    path: str
    query: dict[str, str]
    headers: dict[str, str] = field(repr=False)


Script = bytes | Iterable[bytes] | Callable[[Request], "bytes | Iterable[bytes]"]
"""What goes out as it is, status line included: at once, piece by piece, or depending on the request."""


def http_answer(
    body: bytes | object = b"",
    *,
    status: int = 200,
    content_type: str = "application/json; charset=utf-8",
    headers: dict[str, str] | None = None,
    length: int | None = None,
) -> bytes:
    """An answer on the wire. A body that is not bytes is sent as JSON; `length` is claimed instead of the truth."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    lines = {
        "Content-Type": content_type,
        "Content-Length": str(len(body) if length is None else length),
        "Connection": "close",
        **(headers or {}),
    }
    head = f"HTTP/1.1 {status} Status\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return head.encode("latin-1") + b"\r\n" + body


class ScriptedFeed:
    """A server that sends the given scripts one after another, the last one from then on, a connection for each.

    It answers from a thread, so that it also serves code in other processes. Use it as a context manager.
    """

    def __init__(self, *scripts: Script) -> None:
        self.requests: list[Request] = []
        self._scripts = list(scripts)
        self._lock = threading.Lock()
        feed = self

        class Connection(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                feed._serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, request: object, client_address: object) -> None:
                """A client that hangs up early is part of many tests."""

        self._server = Server(("127.0.0.1", 0), Connection)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(65536)
            if not piece:
                return
            head += piece
        request = _parse(head)
        with self._lock:
            self.requests.append(request)
            script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        pieces = script(request) if callable(script) else script
        for piece in [pieces] if isinstance(pieces, bytes) else pieces:
            connection.sendall(piece)


def _parse(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
    target = urlsplit(first.split(" ")[1])
    pairs = (line.split(": ", 1) for line in lines)
    return Request(
        path=target.path,
        query={name: values[0] for name, values in parse_qs(target.query).items()},
        headers={name.lower(): value for name, value in pairs},
    )
