"""The database: SQLite in one file by default, PostgreSQL for many processes.

Transactions are short and never held over a network call. On SQLite every writing one starts with BEGIN IMMEDIATE,
because a deferred one that reads first fails at once when somebody else committed in between, busy timeout or not.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import OperatorError, StorageError

SQLITE_BUSY_TIMEOUT = 10.0  # seconds that a writer waits for another one
POSTGRES_STATEMENT_TIMEOUT = 60_000  # milliseconds
POSTGRES_IDLE_IN_TRANSACTION_TIMEOUT = 60_000  # milliseconds
MIGRATIONS = Path(__file__).parent / "migrations"
# Any constant does, as long as nothing else in the same PostgreSQL database uses it.
MIGRATION_LOCK = 7_301_402_601


def async_url(url: str) -> str:
    """The database address with the driver that this project uses; raises `OperatorError` for any other database."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise OperatorError(
            "PAPERROUND_DATABASE_URL is not a database address; write sqlite:///path/to/file.db or "
            "postgresql://user:password@host/name."
        ) from error
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
    driver = drivers.get(parsed.drivername.partition("+")[0])
    if driver is None:
        raise OperatorError(
            f"PAPERROUND_DATABASE_URL names {parsed.drivername}; Paper Round keeps its data in SQLite or PostgreSQL."
        )
    return parsed.set(drivername=driver).render_as_string(hide_password=False)


class Database:
    """Connections to one database; `read()` and `write()` are the two kinds of transaction."""

    def __init__(self, url: str) -> None:
        self.url = async_url(url)
        self.is_sqlite = self.url.startswith("sqlite")
        self._engine = _sqlite_engine(self.url) if self.is_sqlite else _postgres_engine(self.url)
        self._reading = self._engine.execution_options(read_only=True)

    @property
    def engine(self) -> AsyncEngine:
        return self._engine

    async def migrate(self) -> None:
        """Brings the schema up to date; safe when several processes start at once."""
        await asyncio.to_thread(_migrate, self.url)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that is committed at the end, or rolled back on any error."""
        with _storage_errors():
            async with self._engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that blocks no writer."""
        with _storage_errors():
            async with self._reading.begin() as connection:
                yield connection

    async def close(self) -> None:
        await self._engine.dispose()


@contextmanager
def _storage_errors() -> Iterator[None]:
    """Turns what drivers raise about connections, disks and locks into `StorageError`."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError, OSError) as error:
        detail = str(getattr(error, "orig", None) or error).splitlines()
        raise StorageError(f"the database did not answer: {detail[0] if detail else type(error).__name__}") from error


def _sqlite_engine(url: str) -> AsyncEngine:
    path = make_url(url).database
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(url, connect_args={"timeout": SQLITE_BUSY_TIMEOUT})

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        # The driver must not open transactions by itself; "begin" below does.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA synchronous=FULL")  # NORMAL may forget the last commits when the power goes
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _postgres_engine(url: str) -> AsyncEngine:
    settings = {
        "application_name": "paperround",
        "statement_timeout": str(POSTGRES_STATEMENT_TIMEOUT),
        "idle_in_transaction_session_timeout": str(POSTGRES_IDLE_IN_TRANSACTION_TIMEOUT),
    }
    return create_async_engine(url, pool_pre_ping=True, connect_args={"server_settings": settings})


def _migrate(url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    with _storage_errors():
        command.upgrade(config, "head")
