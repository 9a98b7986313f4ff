"""When the database is in trouble: a `StorageError`, nothing changed, and work goes on once the trouble is over."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from structlog.testing import capture_logs

from bot.errors import OperatorError, StorageError
from bot.posting.leadership import LEADING
from bot.posting.post import PostState, Settlement
from storage.database import database
from storage.database.trouble import described
from storage.store import SqlStore
from storage.tables.channels import CHANNELS
from tests.clocks import NOON
from tests.core import Core
from tests.databases import PostgresServer
from tests.sources import a_paper
from tests.storage.scenes import channel, lease_one, listed, paper, posts

ABSTRACT = "x" * 100_000


@pytest.fixture
async def sqlite_store(sqlite_url: str) -> AsyncIterator[SqlStore]:
    store = SqlStore(sqlite_url)
    yield store
    await store.close()


@pytest.fixture
async def postgres_store(postgres_url: str) -> AsyncIterator[SqlStore]:
    store = SqlStore(postgres_url)
    yield store
    await store.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stores on SQLite that wait for others only for a moment, so that tests need not wait for long."""
    monkeypatch.setattr(database, "SQLITE_BUSY_TIMEOUT", 0.05)


@contextmanager
def hasty(store: SqlStore) -> Iterator[None]:
    """On PostgreSQL, it waits for nothing for long meanwhile; before and after it has the time that it needs."""
    engine = store.database.engine.sync_engine

    def be_hasty(connection: Connection) -> None:
        connection.exec_driver_sql("SET LOCAL statement_timeout = 300")

    if store.database.is_sqlite:
        yield
        return
    event.listen(engine, "begin", be_hasty)
    yield
    event.remove(engine, "begin", be_hasty)


@pytest.mark.usefixtures("impatient")
async def test_a_locked_database(database_url: str) -> None:
    mine, theirs = SqlStore(database_url), SqlStore(database_url)
    async with theirs.database.write() as connection:
        await connection.execute(text("UPDATE counters SET value = value"))
        with hasty(mine), pytest.raises(StorageError):
            await listed(mine, paper(1))
        assert await mine.papers.count() == 0
    await listed(mine, paper(1))
    assert await mine.papers.count() == 1
    await mine.close()
    await theirs.close()


@pytest.mark.usefixtures("impatient")
async def test_a_post_that_could_not_be_settled_is_settled_later(database_url: str) -> None:
    mine, theirs = SqlStore(database_url), SqlStore(database_url)
    await posts(mine, await channel(mine))
    post = await lease_one(mine)
    settlement = Settlement(post=post, state=PostState.SENT, at=NOON, remote_id="1")
    async with theirs.database.write() as connection:
        await connection.execute(text("UPDATE posts SET error = error"))
        with hasty(mine), pytest.raises(StorageError):
            await mine.posts.settle(settlement)
    assert await mine.posts.settle(settlement)
    await mine.close()
    await theirs.close()


async def test_a_full_disk_on_sqlite(sqlite_store: SqlStore) -> None:
    await listed(sqlite_store, paper(1))
    change = await sqlite_store.papers.last_change()
    async with sqlite_store.database.read() as connection:
        pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
        await connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageError, match="full"):
        await listed(sqlite_store, paper(2, abstract=ABSTRACT), paper(1, upvotes=5))
    assert await sqlite_store.papers.paper(paper(1).id) == paper(1)
    assert (await sqlite_store.papers.count(), await sqlite_store.papers.last_change()) == (1, change)
    async with sqlite_store.database.read() as connection:
        await connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert await listed(sqlite_store, paper(2, abstract=ABSTRACT), paper(1, upvotes=5)) == 2


async def test_a_database_that_may_only_be_read(store: SqlStore) -> None:
    statement, undo = (
        ("PRAGMA query_only = ON", "PRAGMA query_only = OFF")
        if store.database.is_sqlite
        else ("SET default_transaction_read_only = on", "RESET default_transaction_read_only")
    )
    async with store.database.read() as connection:
        await connection.execute(text(statement))
    with pytest.raises(StorageError, match="read"):
        await listed(store, paper(1))
    assert await store.papers.count() == 0
    async with store.database.read() as connection:
        await connection.execute(text(undo))
    assert await listed(store, paper(1)) == 1


@pytest.mark.parametrize(
    ("state", "name"),
    [
        ("53100", "disk full"),
        ("53300", "too many connections"),
        ("57014", "canceled"),
        ("40P01", "deadlock"),
        ("57P03", "starting up"),
        ("XX001", "corrupted"),
    ],
)
async def test_what_postgres_says_of_its_troubles(postgres_store: SqlStore, state: str, name: str) -> None:
    raising = f"DO $$ BEGIN RAISE EXCEPTION '{name}' USING ERRCODE = '{state}'; END $$"
    with pytest.raises(StorageError, match=name):
        async with postgres_store.database.write() as connection:
            await connection.execute(text(raising))
    assert await postgres_store.papers.count() == 0


async def test_a_connection_that_is_cut_in_the_middle(postgres_store: SqlStore) -> None:
    async def write_and_be_cut() -> None:
        async with postgres_store.database.write() as connection:
            await connection.execute(text("UPDATE counters SET value = 77"))
            await connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(StorageError):
        await write_and_be_cut()
    assert await postgres_store.papers.last_change() == 0


async def test_idle_connections_that_were_cut_are_replaced_unnoticed(postgres_store: SqlStore) -> None:
    await asyncio.gather(*(postgres_store.papers.count() for _ in range(4)))
    other = SqlStore(postgres_store.database.url)
    async with other.database.write() as connection:
        await connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    while True:  # they are told, and end by themselves
        async with other.database.read() as connection:
            if not await connection.scalar(others):
                break
    await asyncio.gather(*(postgres_store.papers.count() for _ in range(4)))
    await other.close()


async def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    store = SqlStore(f"postgresql://postgres@/postgres?host={tmp_path}")
    with pytest.raises(StorageError):
        await store.open()
    with pytest.raises(StorageError):
        await store.papers.count()
    with pytest.raises(StorageError):
        await store.locks.acquire(LEADING)
    await store.close()


async def test_a_database_that_the_server_does_not_have(postgres: PostgresServer) -> None:
    store = SqlStore(postgres.url("nowhere"))
    with pytest.raises(StorageError, match="nowhere"):
        await store.open()
    with pytest.raises(StorageError, match="nowhere"):
        await store.papers.count()
    await store.close()


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "paperround.db"
    file.write_bytes(b"My diary. " * 1000)
    store = SqlStore(f"sqlite:///{file}")
    with pytest.raises(StorageError, match="not a database"):
        await store.open()
    with pytest.raises(StorageError, match="not a database"):
        await store.papers.count()
    assert file.read_bytes() == b"My diary. " * 1000
    await store.close()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OperatorError, match="cannot be made"):
        SqlStore(f"sqlite:///{tmp_path}/file/paperround.db")


async def test_a_damaged_file(sqlite_url: str) -> None:
    file = Path(make_url(sqlite_url).database or "")
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    with file.open("r+b") as content:
        content.seek(4096)
        content.write(b"\xff" * (file.stat().st_size - 4096))
    store = SqlStore(sqlite_url)
    with pytest.raises(StorageError, match="malformed"):
        await listed(store, paper(1))
    await store.close()


async def test_a_wrong_statement_or_value_is_a_defect_and_no_trouble(store: SqlStore) -> None:
    await channel(store)
    with pytest.raises(IntegrityError):
        async with store.database.write() as connection:
            await connection.execute(CHANNELS.update().values(state="asleep"))
    with pytest.raises((ProgrammingError, DBAPIError, OverflowError)):
        async with store.database.write() as connection:
            await connection.execute(CHANNELS.update().values(last_number=2**70))


async def test_what_was_under_way_when_the_database_went_away_is_told_in_a_line_each(
    sqlite_store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    core = Core(sqlite_store, tmp_path)
    await core.say("subscribe diffusion")
    await core.news(a_paper(1))

    async def settle(_settlement: Settlement) -> bool:
        raise StorageError("the database did not answer")

    monkeypatch.setattr(sqlite_store.posts, "settle", settle)
    with capture_logs() as log:
        await core.next_digest()
    [told] = [line for line in log if line["event"] == "post.interrupted"]
    assert told["reason"] == "the database did not answer"
    assert "exc_info" not in told
    await core.index.close()


@pytest.mark.parametrize(
    "said",
    [
        "cannot switch to state 12; another operation (2) is in progress",
        "connection was closed in the middle of operation",
        "[Errno 32] Broken pipe",
        "[Errno 104] Connection reset by peer",
    ],
)
def test_a_connection_that_broke_asks_nothing_of_anybody(said: str) -> None:
    assert "goes on by itself" in described(OSError(said), "postgresql://bot:secret@server/papers")


async def test_what_is_in_use_when_connections_are_opened_anew_is_closed_when_it_is_given_back(store: SqlStore) -> None:
    database, pools = store.database, [store.database.engine.sync_engine.pool]
    async with database.read() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        database._reopen = True
        async with database.read() as other:
            await other.execute(text("SELECT 1"))
        pools.append(database.engine.sync_engine.pool)
    assert pools[0] is not pools[1]
    assert raw is not None
    assert raw.is_closed() if hasattr(raw, "is_closed") else not raw._running
    assert pools[1].checkedin() == 1  # type: ignore[attr-defined]  # those that are opened since are kept
