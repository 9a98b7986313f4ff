"""Notifications: one process tells the others on a database that there is something to do.

On SQLite, every commit is taken for news of posts. On PostgreSQL it is said:

PostgreSQL delivers what `pg_notify` says when its transaction commits, once however often it was said, to whoever
listens at that moment (https://www.postgresql.org/docs/current/sql-notify.html). Nobody may rely on it: what is said
while a connection is lost is never heard. So everything is looked at after each new connection, and now
and then anyway.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from bot.background import cancel
from bot.errors import StorageError
from storage.database.database import Database
from storage.database.news import News, notify
from storage.database.trouble import described

if TYPE_CHECKING:
    import asyncpg

ANSWER_TIMEOUT = 10.0  # seconds for connecting, for a statement, and until a notification of our own is heard
PROVE_EVERY = 30.0  # seconds
WATCH_EVERY = 1.0  # seconds
SHORTEST_WAIT = 0.5  # seconds before the first attempt to listen again; each further one waits twice as long
LONGEST_WAIT = 30.0  # seconds
APPLICATION_NAME = "paperround news"

_log = structlog.get_logger()


class Notifications:
    """What other processes say."""

    def __init__(self, database: Database) -> None:
        self._database = database
        #: What only this process says and hears, to find out whether it hears anything.
        self._own = f"paperround_{secrets.token_hex(8)}"
        self._proven = asyncio.Event()
        self._said = False  # whether the log has it that nothing is heard

    @asynccontextmanager
    async def listening(self, hear: Callable[[News], None]) -> AsyncIterator[None]:
        """Calls `hear` with what is said, and with every kind of news after each new connection."""
        tasks = [asyncio.create_task(self._watch(hear), name="commits")]
        if not self._database.is_sqlite:
            tasks.append(asyncio.create_task(self._listen(hear), name="notifications"))
        try:
            yield
        finally:
            await cancel(*tasks)

    async def _watch(self, hear: Callable[[News], None]) -> None:
        """Takes it for news of posts that something was committed on SQLite, or that nobody can tell."""
        seen = self._database.version()
        while True:
            await asyncio.sleep(WATCH_EVERY)
            version = self._database.version()
            if self._said or (self._database.is_sqlite and (version is None or version != seen)):
                hear(News.POSTS)
            seen = version

    async def _listen(self, hear: Callable[[News], None]) -> None:
        import asyncpg  # PostgreSQL's driver, which nobody needs on SQLite

        wait = SHORTEST_WAIT
        while True:
            reason = "the connection was lost"
            try:
                async with self._connection() as connection:
                    lost = await self._subscribe(connection, hear)
                    while await self._is_heard(lost):
                        wait = SHORTEST_WAIT
                        if self._said:
                            _log.info("notifications.heard_again")
                            self._said = False
                        with suppress(TimeoutError):
                            async with asyncio.timeout(PROVE_EVERY):
                                await lost.wait()
                    if not lost.is_set():
                        reason = "LISTEN does not work here, as behind PgBouncer in transaction mode"
            except StorageError as error:
                reason = str(error)
            except (DBAPIError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                reason = described(getattr(error, "orig", None) or error, self._database.url)
            if not self._said:
                _log.warning("notifications.unheard", reason=reason, instead="the database is asked every few seconds")
                self._said = True
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection[Any]]:
        """A connection of its own: one of the pool is reset whenever it is given back."""
        options = {
            "timeout": ANSWER_TIMEOUT,
            "command_timeout": ANSWER_TIMEOUT,
            "server_settings": {"application_name": APPLICATION_NAME, "idle_session_timeout": "0"},
        }
        engine = create_async_engine(self._database.url, poolclass=NullPool, connect_args=options)
        connection: AsyncConnection = await engine.connect()
        try:
            driver: asyncpg.Connection[Any] | None = (await connection.get_raw_connection()).driver_connection
            if driver is None:
                raise StorageError("the database did not answer: there is no connection")
            yield driver
        finally:
            with suppress(DBAPIError, OSError):
                await connection.close()

    async def _subscribe(self, connection: asyncpg.Connection[Any], hear: Callable[[News], None]) -> asyncio.Event:
        """Begins to listen, and has everything looked at that was said before; the event is the connection's end."""
        lost = asyncio.Event()

        def heard(_connection: object, _process: int, channel: str, _payload: object) -> None:
            if channel == self._own:
                self._proven.set()
            else:
                hear(News(channel))

        def end(_connection: object) -> None:
            lost.set()
            self._proven.set()  # there is nothing to wait for

        connection.add_termination_listener(end)
        for channel in (*News, self._own):
            await connection.add_listener(str(channel), heard)
        for news in News:
            hear(news)
        return lost

    async def _is_heard(self, lost: asyncio.Event) -> bool:
        """Whether what is said on another connection arrives here: one that only seems well is found so, too."""
        if lost.is_set():
            return False
        self._proven.clear()
        async with self._database.write(asked_for=False) as connection:
            await notify(connection, self._own)
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT):
                await self._proven.wait()
        except TimeoutError:
            return False
        return not lost.is_set()
