"""The database: SQLite in one file by default, PostgreSQL for many processes.

Transactions are short and never held over a network call. On SQLite every writing one starts with BEGIN IMMEDIATE,
because a deferred one that reads first fails at once when somebody else committed in between, busy timeout or not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sqlalchemy import Connection, Engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, InvalidatePoolError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from bot import commits
from bot.background import give_way, gives_way
from bot.commits import Commit
from bot.errors import OperatorError, SettingsError, StorageError
from storage.database.availability import Availability
from storage.database.conflicts import ConflictError
from storage.database.sqlite.commit_watch import CommitWatch
from storage.database.sqlite.connection import SqliteConnection, sqlite_connection
from storage.database.sqlite.file import DatabaseFile
from storage.database.sqlite.write_turn import WriteTurn
from storage.database.storable import drop_what_cannot_be_stored, write_json
from storage.database.trouble import storage_errors

if TYPE_CHECKING:
    from alembic.config import Config

SQLITE_BUSY_TIMEOUT = 10.0  # seconds that a writer waits for another one
PROOF_LASTS = 5.0  # seconds for which a database that took a write counts as writable
CLOSE_WITHIN = 5.0  # seconds that transactions get to end
#: Connections that are kept, and the most there are: one that is opened anew costs more than many statements.
CONNECTIONS = 15
POSTGRES_CONNECT_TIMEOUT = 10.0  # seconds
#: A connection to PostgreSQL that was used within so many seconds, and was not closed since, is used without asking
#: whether it still works: that takes longer than most of what it is used for.
WORKS_FOR = 1.0
POSTGRES_STATEMENT_TIMEOUT = 60_000  # milliseconds
POSTGRES_ANSWER_TIMEOUT = 70.0  # seconds; for a server that cannot even say that the statement took too long
POSTGRES_IDLE_IN_TRANSACTION_TIMEOUT = 60_000  # milliseconds
MIGRATIONS = Path(__file__).parent.parent / "migrations"
# Any constant does, as long as nothing else in the same PostgreSQL database uses it.
MIGRATION_LOCK = 7_301_402_601


def async_url(url: str) -> str:
    """The database address with the driver that this project uses; raises `SettingsError` for any other database."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise SettingsError(
            "PAPERROUND_DATABASE_URL is not a database address; write sqlite:///path/to/file.db or "
            "postgresql://user:password@host/name."
        ) from error
    query = dict(parsed.query)
    if mode := query.pop("sslmode", None):  # libpq's name for it, in the addresses that hosting services hand out
        parsed = parsed.set(query={**query, "ssl": mode})
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
    driver = drivers.get(parsed.drivername.partition("+")[0])
    if driver is None:
        raise SettingsError(
            f"PAPERROUND_DATABASE_URL names {parsed.drivername}; Paper Round keeps its data in SQLite or PostgreSQL."
        )
    if driver.startswith("sqlite") and parsed.database in (None, "", ":memory:"):
        raise SettingsError("PAPERROUND_DATABASE_URL names no file; write sqlite:///path/to/file.db.")
    return parsed.set(drivername=driver).render_as_string(hide_password=False)


class Database:
    """Connections to one database; `read()` and `write()` are the two kinds of transaction."""

    def __init__(self, url: str) -> None:
        self.url = async_url(url)
        self.is_sqlite = self.url.startswith("sqlite")
        self._engine = _sqlite_engine(self.url) if self.is_sqlite else _postgres_engine(self.url)
        # PostgreSQL shows each statement what is committed by then, in a transaction or not (READ COMMITTED). Without
        # one its beginning and its end are not sent, which are two of the three ways there and back of a short look.
        without = {} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        self._reading = self._engine.execution_options(read_only=True, **without)
        # SQLite lets one write at a time and has the others look again now and then; here they queue up in order.
        self._turn = WriteTurn() if self.is_sqlite else None

        self.availability = Availability()
        self._file = DatabaseFile(Path(make_url(self.url).database or "")) if self.is_sqlite else None
        self._watch = CommitWatch(Path(make_url(self.url).database or "")) if self.is_sqlite else None
        self._reopen = False  # whether connections are to be opened anew, because they failed
        self._proven_at: float | None = None

        self._transactions = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False

    @property
    def engine(self) -> AsyncEngine:
        return self._engine

    @property
    def place(self) -> str:
        """The path of its file, or its address without the password."""
        address = make_url(self.url)
        if self.is_sqlite:
            return str(Path(address.database or "").absolute())
        plain = address.set(drivername=address.drivername.partition("+")[0])
        return plain.render_as_string(hide_password=True)

    @property
    def is_missing(self) -> bool:
        """Whether there is no file of it yet; False for a server's."""
        return self._file is not None and not self._file.exists()

    @property
    def connections(self) -> int:
        """How many connections are in use now."""
        pool = self._engine.pool
        return pool.checkedout() if isinstance(pool, QueuePool) else 0

    def version(self) -> int | None:
        """Another number after each commit, whoever made it; None where that takes asking, or nobody can tell."""
        if self._watch is None or self._closed or self.availability.reason:
            return None
        return self._watch.version()

    async def migrate(self) -> None:
        """Brings the schema up to date; safe when several processes start at once."""
        if self._file is not None:
            self._file.prepare()
        if not await self._is_up_to_date():
            await asyncio.to_thread(_migrate, self.url)
        if self._file is not None:
            self._file.remember()

    async def prove_writable(self) -> None:
        """Writes something; raises `StorageError` if that cannot be done. After a success it waits some seconds."""
        now = time.monotonic()
        if self._proven_at is not None and now - self._proven_at < PROOF_LASTS and not self.availability.reason:
            if self._file is not None:
                self._file.check()
            return
        async with self.write(asked_for=False) as connection:
            if self._file is not None:
                self._file.check_room()
            await connection.execute(text("UPDATE counters SET value = value WHERE name = 'web_message'"))
        self._proven_at = now

    async def rewrite(self) -> None:
        """Writes SQLite's file anew, without what is free in it; nobody can write meanwhile. Raises `StorageError`."""
        if self._file is not None:
            async with self._transaction("write"), self._turned(last=True):
                await asyncio.to_thread(self._file.rewrite)

    async def shrink(self, size: int) -> None:
        """Gives up to so many bytes of SQLite's file back that are free in it. Raises `StorageError`."""
        if self._file is not None:
            async with self._transaction("write"), self._turned(last=True):
                await asyncio.to_thread(self._file.shrink, size)

    async def _is_up_to_date(self) -> bool:
        """Asked first, because loading Alembic takes longer than most of what people do on the command line."""
        try:
            # Not `read`: that a new database has no tables is no trouble that anybody should hear of.
            with storage_errors(self.url):
                async with self._reading.begin() as connection:
                    revision = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar()
                    logged = not self.is_sqlite or await self._has_log(connection)
        except ProgrammingError:  # no such table
            return False
        except StorageError:
            if not self.is_sqlite:
                raise
            return False  # the same, as SQLite says it; whatever else it is comes again when migrating
        return logged and revision == newest_revision()

    @staticmethod
    async def _has_log(connection: AsyncConnection) -> bool:
        return (await connection.execute(text("PRAGMA journal_mode"))).scalar() == "wal"

    @asynccontextmanager
    async def write(self, *, asked_for: bool = True, last: bool = False) -> AsyncIterator[AsyncConnection]:
        """A transaction that is committed at the end, or rolled back on any error.

        What is `asked_for` is noted for who answers people (`bot.commits`). What comes `last`, or was begun to, lets
        others write first.
        """
        await give_way()
        turn = self._turned(last=last or gives_way())
        async with self._transaction("write"), turn, self._engine.begin() as connection:
            yield connection
            # A server may have committed what it could not confirm any more; a file has, or has not.
            if asked_for and not self.is_sqlite:
                commits.note(Commit.IN_DOUBT)
        if asked_for:
            commits.note(Commit.DONE)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Looks that block no writer, on one connection. Only SQLite shows all of them the same state (`snapshot`)."""
        await give_way()
        async with self._transaction("read"), self._reading.begin() as connection:
            yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """A reading transaction in which everything stays as it was at its first statement."""
        async with self._transaction("read"), self._reading.connect() as connection:
            if not self.is_sqlite:
                await connection.execution_options(isolation_level="REPEATABLE READ")
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def _transaction(self, kind: str) -> AsyncIterator[None]:
        with self._under_way():
            try:
                with storage_errors(self.url):
                    if self._reopen:
                        # SQLite opens a file for reading only where it may not write, and stays with that.
                        self._reopen = False
                        if self._watch is not None:
                            self._watch.close()
                        used = self._engine.sync_engine.pool
                        await self._engine.dispose()
                        event.listen(used, "checkin", _close_given_back)
                    if self._file is not None:
                        self._file.check()
                    yield
            except ConflictError:
                raise  # the database is well
            except StorageError as error:
                self._reopen = True
                self.availability.failed(kind, str(error))
                raise
            self.availability.succeeded(kind)

    async def close(self) -> None:
        """Lets transactions end that are under way, and takes no more."""
        self._closed = True
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_WITHIN):
                await self._idle.wait()
        if self._watch is not None:
            self._watch.close()
        await self._engine.dispose()

    def _turned(self, *, last: bool) -> AbstractAsyncContextManager[None]:
        """The turn to write, where writers take turns."""
        return self._turn.taken(last=last) if self._turn else nullcontext()

    @contextmanager
    def _under_way(self) -> Iterator[None]:
        if self._closed:
            raise StorageError("the database is closed")
        self._transactions += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._transactions -= 1
            if not self._transactions:
                self._idle.set()


def _close_given_back(_connection: object, record: ConnectionPoolEntry) -> None:
    """Closes a connection that was in use when the others were opened anew: nobody would take it from its pool."""
    record.invalidate()


def _sqlite_engine(url: str) -> AsyncEngine:
    folder = Path(make_url(url).database or "").parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OperatorError(
            f"The folder of the database, {folder}, cannot be made ({error.strerror}). Make it for this user, or name "
            "another with PAPERROUND_DATA_DIR or PAPERROUND_DATABASE_URL."
        ) from error
    engine = create_async_engine(
        url,
        pool_size=CONNECTIONS,
        max_overflow=0,
        json_serializer=write_json,
        hide_parameters=True,
        connect_args={"timeout": SQLITE_BUSY_TIMEOUT, "async_creator_fn": sqlite_connection},
    )
    drop_what_cannot_be_stored(engine.sync_engine)

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        # The driver must not open transactions by itself; "begin" below does.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA synchronous=FULL")  # NORMAL may forget the last commits when the power goes
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("read_only", False)
        driver = cast("SqliteConnection", connection.connection.driver_connection)
        driver.begin("BEGIN" if reading else "BEGIN IMMEDIATE", reads=reading)

    return engine


def _postgres_engine(url: str) -> AsyncEngine:
    settings = {
        "application_name": "paperround",
        "statement_timeout": str(POSTGRES_STATEMENT_TIMEOUT),
        "idle_in_transaction_session_timeout": str(POSTGRES_IDLE_IN_TRANSACTION_TIMEOUT),
    }
    engine = create_async_engine(
        url,
        pool_size=CONNECTIONS,
        max_overflow=0,
        hide_parameters=True,  # what errors and tracebacks would show of what is stored
        json_serializer=write_json,
        connect_args={
            "server_settings": settings,
            "timeout": POSTGRES_CONNECT_TIMEOUT,
            "command_timeout": POSTGRES_ANSWER_TIMEOUT,
        },
    )
    drop_what_cannot_be_stored(engine.sync_engine)
    _ask_idle_connections(engine.sync_engine)
    return engine


def _ask_idle_connections(engine: Engine) -> None:
    """Has connections that may have been lost looked at before they are used: what `pool_pre_ping` does each time."""

    @event.listens_for(engine, "checkin")
    def note(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info["used_at"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def look(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
        used_at = record.info.get("used_at")
        if record.driver_connection is not None and record.driver_connection.is_closed():
            raise InvalidatePoolError("the connection was closed")
        if used_at is None or time.monotonic() - used_at < WORKS_FOR:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            if not engine.dialect.is_disconnect(error, connection, None):
                raise
            raise InvalidatePoolError("the connection was lost") from error


def newest_revision() -> str:
    """The schema that this version works with; the names of migrations begin with their revisions."""
    return max(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def migration_config(url: str) -> Config:
    """What Alembic's commands need to work on the database at this address (with the driver that we use)."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["url"] = url
    return config


def _migrate(url: str) -> None:
    from alembic import command
    from alembic.util import CommandError

    with storage_errors(url):
        try:
            command.upgrade(migration_config(url), "head")
        except CommandError as error:
            raise OperatorError(
                f"The database was made by another version of Paper Round ({error}). Use that version or a newer one."
            ) from error
