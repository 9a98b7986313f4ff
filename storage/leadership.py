"""Which of several processes on one PostgreSQL polls the feeds."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from storage.database import Database

LEADER_LOCK = 7_301_402_602  # any constant of ours
ANSWER_TIMEOUT = 10.0  # seconds; whoever cannot reach the database for longer does not lead


class Leadership:
    """A PostgreSQL advisory lock held by a connection of its own.

    Such a lock belongs to the session and would stay behind in a pooled connection, so this one is never pooled. On
    SQLite there is one process that runs for long, and whatever a second one does is idempotent: everybody leads.
    """

    def __init__(self, database: Database) -> None:
        self._engine: AsyncEngine | None = None
        if not database.is_sqlite:
            patience = {"timeout": ANSWER_TIMEOUT, "command_timeout": ANSWER_TIMEOUT}
            self._engine = create_async_engine(database.url, poolclass=NullPool, connect_args=patience)
        self._one_at_a_time = asyncio.Lock()
        #: There only while it holds the lock.
        self._connection: AsyncConnection | None = None

    async def hold(self) -> bool:
        """Takes the lead if nobody has it; whether this process leads now."""
        if self._engine is None:
            return True
        async with self._one_at_a_time:
            try:
                if self._connection is None:
                    self._connection = await _take_lock(self._engine)
                else:
                    # The lock lives as long as the connection; asking it something tells whether it does.
                    await self._connection.scalar(text("SELECT 1"))
                    await self._connection.commit()
            except (DBAPIError, OSError):
                await self._release()
            return self._connection is not None

    async def release(self) -> None:
        async with self._one_at_a_time:
            await self._release()

    async def _release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(DBAPIError, OSError):
                await connection.close()


async def _take_lock(engine: AsyncEngine) -> AsyncConnection | None:
    """A connection that holds the lock, None when somebody else has it."""
    connection = await engine.connect()
    taken = False
    try:
        answer = await connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LEADER_LOCK})
        await connection.commit()
        taken = answer is True
    finally:
        if not taken:
            await connection.close()
    return connection if taken else None
