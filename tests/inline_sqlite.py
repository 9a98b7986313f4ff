"""SQLite in the event loop, without the threads that `aiosqlite` has for its connections.

Where threads are ready sooner or later, tasks go on in another order each time. Here what a test does in the same order
happens in the same order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from storage.database.sqlite.connection import SqliteConnection, sqlite_connection

Work = tuple[asyncio.Future[Any] | None, Callable[[], Any]]


class _Now:
    """In place of a thread and its queue: work is done at once, and whoever waits for it hears of it afterwards."""

    daemon = True

    def start(self) -> None:
        """There is nothing to start."""

    def put_nowait(self, work: Work) -> None:
        future, function = work
        try:
            result = function()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told to whoever waits
            _tell(future, future.set_exception if future else None, error)
        else:
            _tell(future, future.set_result if future else None, result)


def _tell(future: asyncio.Future[Any] | None, tell: Callable[[Any], None] | None, what: Any) -> None:
    if future is not None and tell is not None:
        future.get_loop().call_soon(lambda: None if future.done() else tell(what))


def inline_connection(path: str, **options: Any) -> SqliteConnection:
    """A connection that takes the place of `storage.database.sqlite.connection.sqlite_connection`."""
    connection = sqlite_connection(path, **options)
    at_once: Any = _Now()
    connection._tx = connection._thread = at_once
    return connection
