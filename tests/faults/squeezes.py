"""What a process has to live with for a while: names that are not found, few files, clients that are slow."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Final

from tests.faults.program import Program

#: Half a header, a header and half a body, and requests whose answers are never read.
SLOW_CLIENTS: Final = (
    b"GET /api/v1/channels HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    b'POST /slack/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n{"type": ',
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20,
)


@contextmanager
def names_lost(program: Program, after: float) -> Iterator[None]:
    """No name of a machine is found, which is said after so many seconds."""
    program.lose_names(after)
    try:
        yield
    finally:
        program.lose_names(None)


@contextmanager
def few_files(program: Program, most: int) -> Iterator[None]:
    """The process that runs now opens no file and no connection beyond so many."""
    with suppress(ProcessLookupError):
        program.may_open(most)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            program.may_open(None)


@contextmanager
def slow_clients(port: int, count: int, saying: bytes) -> Iterator[None]:
    """So many clients connect, say that much, and then neither read nor say anything."""
    with ExitStack() as stack:
        for _ in range(count):
            with suppress(OSError):
                client = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=2))
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                client.sendall(saying)
        yield
