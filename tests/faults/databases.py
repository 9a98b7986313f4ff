"""Databases that crash, cut their connections, fill up and are locked by others."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol, Self
from urllib.parse import quote

import asyncpg
import psutil

from tests.databases import PostgresServer, in_a_thread, migrate
from tests.faults.lines import Trouble


class FaultyDatabase(Protocol):
    """A new database with the current schema; `faults` counts by kind what was done to those who use it."""

    url: str
    faults: Counter[str]

    def query(self, statement: str) -> list[tuple[Any, ...]]: ...

    def close(self) -> None: ...


class Sqlite:
    """A file of its own."""

    def __init__(self, folder: Path, model: Path) -> None:
        self.file = folder / "paperround.db"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(model, self.file)
        self.url = f"sqlite:///{self.file}"
        self.faults: Counter[str] = Counter()

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Asks the file itself; while its disk cannot be written, a little later."""
        for _ in range(50):
            try:
                return self._query(statement)
            except sqlite3.OperationalError:
                time.sleep(0.2)
        return self._query(statement)

    def _query(self, statement: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=20)
        try:
            rows: list[tuple[Any, ...]] = connection.execute(statement).fetchall()
            return rows
        finally:
            connection.close()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Another program writes, and takes its time."""
        connection = sqlite3.connect(self.file, timeout=20, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")
        finally:
            connection.close()

    def close(self) -> None:
        """Nothing is left to do."""


class Postgres:
    """A database of its own on a server that crashes, at the end of a line with `trouble`.

    What is lost there may be the answer to a COMMIT, so that nobody knows whether it happened.
    """

    def __init__(self, server: CrashingServer, seed: str) -> None:
        self.trouble = Trouble(seed, "database")
        self.faults = self.trouble.faults
        self.server = server
        self.name = server.create()
        self._chance = random.Random(seed)
        self._folder = tempfile.mkdtemp(prefix="pg-")
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(started,), daemon=True)
        self._thread.start()
        started.wait(10)
        self.url = f"postgresql://postgres:@/{self.name}?host={quote(self._folder)}"

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Asks the server itself; while it recovers from a crash, a little later."""
        for _ in range(100):
            try:
                return in_a_thread(self._query(statement))
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                time.sleep(0.2)
        return in_a_thread(self._query(statement))

    async def _query(self, statement: str) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(self.server.url(self.name))
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    def terminate(self, most: int) -> None:
        """Ends some of the connections that the program has."""
        ended = self.query(
            f"SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE datname = '{self.name}' "
            f"AND application_name LIKE 'paperround%' ORDER BY random() LIMIT {most}) AS chosen"
        )
        self.faults["backend terminated"] += len(ended)

    def crash_backend(self) -> None:
        """Kills one of the server's processes, upon which the server ends all others and recovers."""
        pids = [pid for (pid,) in self.query(f"SELECT pid FROM pg_stat_activity WHERE datname = '{self.name}' AND "
                                             "pid <> pg_backend_pid()")]  # fmt: skip
        if pids:
            with suppress(ProcessLookupError):
                os.kill(self._chance.choice(pids), signal.SIGKILL)
                self.faults["backend killed"] += 1

    def crash(self) -> None:
        """Kills all of the server, and starts it again."""
        self.server.crash()
        self.faults["server killed"] += 1

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        shutil.rmtree(self._folder, ignore_errors=True)
        with suppress(Exception):  # a server that is ended in a moment
            self.server.drop(self.name)

    # ---- the proxy

    def _serve(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        path = f"{self._folder}/.s.PGSQL.5432"
        server = self._loop.run_until_complete(asyncio.start_unix_server(self._connected, path))
        started.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.05))
        self._loop.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.trouble.join(reader, writer, lambda: asyncio.open_unix_connection(self.server.socket))


class CrashingServer:
    """A PostgreSQL that survives being killed: unlike that of the tests it writes its log as a real one does."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="paperround-faults-")
        self._server = PostgresServer(Path(self._folder.name))
        self._server.__enter__()
        # All processes of the server end together here, never the machine: what was handed to it is not lost.
        self._server.run("ALTER SYSTEM SET full_page_writes = on", "SELECT pg_reload_conf()")
        name = self._server.create()
        in_a_thread(migrate(self._server.url(name)))
        self._server.run(f"ALTER DATABASE {name} RENAME TO model")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        with suppress(psutil.NoSuchProcess):  # it was crashing just now
            self._server.__exit__()
        self._folder.cleanup()

    @property
    def socket(self) -> str:
        host = self.url().partition("host=")[2]
        return f"{host.replace('%2F', '/')}/.s.PGSQL.5432"

    def url(self, database: str = "postgres") -> str:
        return self._server.url(database)

    def create(self) -> str:
        name = f"round_{time.monotonic_ns()}"
        self._server.run(f"CREATE DATABASE {name} TEMPLATE model")
        return name

    def drop(self, name: str) -> None:
        self._server.drop(name)

    def crash(self) -> None:
        """Kills the server with all of its processes, and starts it again."""
        inner = self._server._server
        postmaster = psutil.Process(inner.get_pid())
        family = [postmaster, *postmaster.children(recursive=True)]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, timeout=10)
        inner.ensure_postgres_running()
