"""Which of several processes on one PostgreSQL polls the feeds."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from storage.database import Database

LEADER_LOCK = 7_301_402_602  # any constant of ours


class Leadership:
    """A PostgreSQL advisory lock held by a connection of its own.

    Such a lock belongs to the session and would stay behind in a pooled connection, so this one is never pooled. On
    SQLite there is one process that runs for long, and whatever a second one does is idempotent: everybody leads.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._engine = None if database.is_sqlite else create_async_engine(database.url, poolclass=NullPool)
        self._connection: AsyncConnection | None = None

    async def hold(self) -> bool:
        """Takes the lead if nobody has it; whether this process leads now."""
        if self._engine is None:
            return True
        try:
            if self._connection is None:
                self._connection = await self._engine.connect()
                taken = await self._connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LEADER_LOCK})
                await self._connection.commit()
                if not taken:
                    await self.release()
            else:
                # The lock lives as long as the connection; asking it something tells whether it does.
                await self._connection.scalar(text("SELECT 1"))
                await self._connection.commit()
        except (DBAPIError, OSError):
            await self.release()
        return self._connection is not None

    async def release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(DBAPIError, OSError):
                await connection.close()
