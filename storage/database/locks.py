"""Advisory locks: which of several processes on one database does what only one may do at a time."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from bot.errors import StorageError
from storage.database.database import Database
from storage.database.trouble import described

ANSWER_TIMEOUT = 10.0  # seconds; whoever cannot reach the database for longer has no locks there
#: Milliseconds after which the server takes the locks away from a process that says nothing: one that hangs, or whose
#: machine lost its power. Locks are asked for every few seconds.
SILENT_FOR = 30_000


class AdvisoryLocks:
    """Locks by name. Whoever has one keeps it until it lets go, dies, or loses the database."""

    def __init__(self, database: Database) -> None:
        self._locks: _Locks = _FileLocks(database.url) if database.is_sqlite else _PostgresLocks(database.url)
        self._one_at_a_time = asyncio.Lock()

    async def acquire(self, name: str) -> bool:
        """Takes a lock if nobody has it; whether this process has it now. Raises `StorageError` if nobody can tell."""
        async with self._one_at_a_time:
            return await self._locks.acquire(name)

    async def release(self, name: str) -> None:
        """Lets go of a lock, if this process has it. Raises `StorageError` if nobody can tell."""
        async with self._one_at_a_time:
            await self._locks.release(name)

    async def release_all(self) -> None:
        """Lets go of all of them."""
        async with self._one_at_a_time:
            await self._locks.release_all()


class _Locks(Protocol):
    async def acquire(self, name: str) -> bool: ...

    async def release(self, name: str) -> None: ...

    async def release_all(self) -> None: ...


class _PostgresLocks:
    """PostgreSQL's advisory locks, held by a connection of their own.

    They belong to the session and would stay behind in a pooled connection, so this one is never pooled.
    """

    def __init__(self, url: str) -> None:
        options = {
            "timeout": ANSWER_TIMEOUT,
            "command_timeout": ANSWER_TIMEOUT,
            "server_settings": {"application_name": "paperround locks", "idle_session_timeout": str(SILENT_FOR)},
        }
        self._url = url
        self._engine = create_async_engine(url, poolclass=NullPool, connect_args=options)
        #: There only while it holds a lock.
        self._connection: AsyncConnection | None = None
        self._held: set[str] = set()

    async def acquire(self, name: str) -> bool:
        if self._connection is not None:
            with suppress(DBAPIError, OSError):
                return await self._ask(self._connection, name)
            # With the connection everything that it held was lost, maybe to somebody else.
            await self.release_all()
        try:
            return await self._ask(await self._engine.connect(), name)
        except (DBAPIError, OSError) as error:
            raise self._trouble(error) from error

    async def release(self, name: str) -> None:
        if self._connection is None or name not in self._held:
            return
        self._held.discard(name)
        try:
            await self._connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": lock_key(name)})
            await self._connection.commit()
        except (DBAPIError, OSError) as error:
            await self.release_all()
            raise self._trouble(error) from error
        if not self._held:
            await self.release_all()

    def _trouble(self, error: BaseException) -> StorageError:
        return StorageError(
            f"the database did not answer: {described(getattr(error, 'orig', None) or error, self._url)}"
        )

    async def _ask(self, connection: AsyncConnection, name: str) -> bool:
        """Whether that lock is ours. Whatever interrupts this lets go of all of them, since nobody knows any more."""
        self._connection = connection
        answered = False
        try:
            if name in self._held:
                # A lock lives as long as the connection; asking it something tells whether it does.
                await connection.scalar(text("SELECT 1"))
            elif await connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": lock_key(name)}):
                self._held.add(name)
            await connection.commit()
            answered = True
        finally:
            if not answered or not self._held:
                await self.release_all()
        return name in self._held

    async def release_all(self) -> None:
        connection, self._connection = self._connection, None
        self._held.clear()
        if connection is not None:
            with suppress(DBAPIError, OSError):
                await connection.close()


class _FileLocks:
    """Locked files beside SQLite's: processes on one SQLite file share a machine."""

    def __init__(self, url: str) -> None:
        self._database = Path(make_url(url).database or "")
        self._held: dict[str, int] = {}

    async def acquire(self, name: str) -> bool:
        if name not in self._held:
            file = self._database.with_name(f"{self._database.name}-{name}.lock")
            try:
                descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
            except OSError as error:
                raise _unlockable(file, error) from error
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return False
            except OSError as error:
                os.close(descriptor)
                raise _unlockable(file, error) from error
            self._held[name] = descriptor
        return True

    async def release(self, name: str) -> None:
        if (descriptor := self._held.pop(name, None)) is not None:
            os.close(descriptor)

    async def release_all(self) -> None:
        for descriptor in self._held.values():
            os.close(descriptor)
        self._held.clear()


def _unlockable(file: Path, error: OSError) -> StorageError:
    return StorageError(
        f"the database did not answer: {file} cannot be locked ({error.strerror}). Give the folder to the user that "
        "runs the bot, writable, and keep it on a disk of this machine."
    )


def lock_key(name: str) -> int:
    """A number for PostgreSQL. It has to differ from those of other programs in the database: a hash surely does."""
    return int.from_bytes(hashlib.sha256(f"paperround {name}".encode()).digest()[:8]) >> 1
