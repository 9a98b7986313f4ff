"""SQLite's connection: `aiosqlite`'s, with a statement and its rows in one step.

`aiosqlite` has a thread for each connection and goes there and back for everything: to make a cursor, to execute, to
fetch, to close. Four trips for a statement of a few microseconds are most of what it costs, and where the event loop is
busy each of them waits for its turn. For the same reason a transaction begins with its first statement, and one that
was committed is not rolled back once more when SQLAlchemy's pool takes the connection back. Nobody waits for the end of
one that only read: whatever the connection is used for next comes after it.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from functools import partial
from typing import Any, Final, Self

import aiosqlite

#: Rows that come with a statement; more are fetched when they are asked for.
FIRST: Final = 1_000
STREAMED_AT_ONCE: Final = 100


class SqliteConnection(aiosqlite.Connection):
    """What SQLAlchemy's adapter wants of `aiosqlite`."""

    _beginning = ""  # the statement that begins the transaction, until the first one after it takes it along
    _begun = False  # whether it went to the thread, and may not be over yet
    _reads = False  # whether it only reads

    def begin(self, statement: str, *, reads: bool = False) -> None:
        """Begins a transaction with the next statement."""
        self._beginning, self._reads = statement, reads

    def take_beginning(self) -> str:
        """What has to be executed before the next statement, empty for nothing."""
        beginning, self._beginning = self._beginning, ""
        self._begun = self._begun or bool(beginning)
        return beginning

    async def commit(self) -> None:
        self._beginning = ""
        if not self._begun:
            return
        if self._reads:
            self._tx.put_nowait((None, self.open_connection.commit))
        else:
            await super().commit()
        self._begun = False

    async def rollback(self) -> None:
        self._beginning = ""
        if self._begun:
            await super().rollback()
            self._begun = False

    def cursor(self) -> SqliteCursor:  # type: ignore[override]  # made without a step
        return SqliteCursor(self)

    async def step(self, work: partial[Any]) -> Any:
        """Does something in the thread of the connection."""
        return await self._execute(work)  # type: ignore[no-untyped-call]

    def start(self, beginning: str) -> None:
        """Begins a transaction, in the thread of the connection. One that only read, whose end failed, ends first."""
        connection = self.open_connection
        if connection.in_transaction:
            connection.rollback()
        connection.execute(beginning)

    @property
    def open_connection(self) -> sqlite3.Connection:
        """For work in its thread. Raises `ValueError` after it was closed."""
        return self._conn


class SqliteCursor:
    """A cursor whose statement brings its first rows along."""

    arraysize = STREAMED_AT_ONCE

    def __init__(self, connection: SqliteConnection) -> None:
        self._connection = connection
        self._cursor: sqlite3.Cursor | None = None
        self._rows: deque[Any] = deque()
        self._more = False  # whether there may be rows that were not fetched yet

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    @property
    def description(self) -> Any:
        return self._cursor.description if self._cursor else None

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount if self._cursor else -1

    @property
    def lastrowid(self) -> int | None:
        return self._cursor.lastrowid if self._cursor else None

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Self:
        beginning = self._connection.take_beginning()
        await self._connection.step(partial(self._execute, beginning, statement, parameters))
        return self

    async def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> Self:
        beginning = self._connection.take_beginning()
        await self._connection.step(partial(self._execute_many, beginning, statement, rows))
        return self

    async def fetchall(self) -> list[Any]:
        if self._more:
            await self._connection.step(partial(self._fetch, None))
        found = list(self._rows)
        self._rows.clear()
        return found

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        wanted = size or self.arraysize
        if self._more and len(self._rows) < wanted:
            await self._connection.step(partial(self._fetch, wanted - len(self._rows)))
        return [self._rows.popleft() for _ in range(min(wanted, len(self._rows)))]

    async def fetchone(self) -> Any:
        return next(iter(await self.fetchmany(1)), None)

    async def __aiter__(self) -> AsyncIterator[Any]:
        while rows := await self.fetchmany():
            for row in rows:
                yield row

    async def close(self) -> None:
        self._rows.clear()
        if self._more and self._cursor is not None:
            self._more = False
            await self._connection.step(partial(self._cursor.close))

    # ---- in the thread of the connection

    def _execute(self, beginning: str, statement: str, parameters: Sequence[Any]) -> None:
        if beginning:
            self._connection.start(beginning)
        self._cursor = cursor = self._connection.open_connection.execute(statement, parameters)
        if cursor.description is not None:
            self._keep(cursor.fetchmany(FIRST), FIRST)

    def _execute_many(self, beginning: str, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        if beginning:
            self._connection.start(beginning)
        self._cursor = self._connection.open_connection.executemany(statement, rows)

    def _fetch(self, most: int | None) -> None:
        if self._cursor is not None:
            self._keep(self._cursor.fetchall() if most is None else self._cursor.fetchmany(most), most)

    def _keep(self, found: list[Any], most: int | None) -> None:
        self._rows += found
        self._more = len(found) == most


def sqlite_connection(path: str, **options: Any) -> SqliteConnection:
    """A connection that opens when it is awaited. `options` are those of `sqlite3.connect`."""
    connection = SqliteConnection(partial(sqlite3.connect, path, **options), iter_chunk_size=STREAMED_AT_ONCE)
    # As SQLAlchemy wants it: one that nobody closed does not keep the process alive.
    connection._thread.daemon = True  # noqa: SLF001
    return connection
