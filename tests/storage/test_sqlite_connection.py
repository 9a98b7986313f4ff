"""The connection to SQLite: a statement in one step, with all of its rows, however many."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from storage.database.sqlite.connection import FIRST, SqliteConnection, sqlite_connection
from storage.store import SqlStore
from tests.databases import sqlite_in

NUMBERS = text(
    "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :last) SELECT n FROM numbers"
)
COUNTS = (1, FIRST - 1, FIRST, FIRST + 1, 2 * FIRST + 7)


@pytest.fixture
async def on_sqlite(tmp_path: Path) -> AsyncIterator[SqlStore]:
    store = SqlStore(sqlite_in(tmp_path / "paperround.db"))
    yield store
    await store.close()


@pytest.mark.parametrize("count", COUNTS)
async def test_all_rows_come_whichever_way_they_are_read(on_sqlite: SqlStore, count: int) -> None:
    wanted = list(range(1, count + 1))
    async with on_sqlite.database.read() as connection:
        assert list((await connection.execute(NUMBERS, {"last": count})).scalars()) == wanted
        streamed = await connection.stream(NUMBERS, {"last": count})
        assert [row.n async for row in streamed] == wanted
        in_pieces = await connection.stream(NUMBERS, {"last": count})
        assert [row.n for some in [rows async for rows in in_pieces.partitions(300)] for row in some] == wanted


async def test_a_result_that_is_left_unread_holds_nothing_up(on_sqlite: SqlStore) -> None:
    async with on_sqlite.database.write() as connection:
        streamed = await connection.stream(NUMBERS, {"last": 3 * FIRST})
        assert (await streamed.fetchone()) == (1,)
        await streamed.close()
        await connection.execute(text("UPDATE counters SET value = value + 1"))
    assert await on_sqlite.papers.count() == 0


async def test_what_the_database_refuses_is_told(on_sqlite: SqlStore) -> None:
    async with on_sqlite.database.read() as connection:
        with pytest.raises(IntegrityError):
            await connection.execute(text("INSERT INTO counters (name, value) VALUES ('change', 1)"))


async def test_a_statement_takes_one_step(tmp_path: Path) -> None:
    class Counting(SqliteConnection):
        steps = 0

        async def step(self, work: partial[Any]) -> Any:
            self.steps += 1
            return await super().step(work)

    counting = Counting(partial(sqlite3.connect, tmp_path / "numbers.db"), iter_chunk_size=1)
    await counting
    async with counting.cursor() as cursor:
        await cursor.execute("SELECT 1 UNION SELECT 2")
        assert await cursor.fetchall() == [(1,), (2,)]
    assert counting.steps == 1
    await counting.close()


async def test_what_comes_after_a_look_that_nobody_saw_end_sees_what_was_written_since(tmp_path: Path) -> None:
    place = tmp_path / "numbers.db"
    with closing(sqlite3.connect(place)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("CREATE TABLE numbers (n INTEGER)")
        looking = sqlite_connection(str(place), isolation_level=None)
        await looking
        for written in range(20):
            looking.begin("BEGIN", reads=True)
            for _ in range(2):  # within a transaction everything stays as it was
                cursor = await looking.cursor().execute("SELECT count(*) FROM numbers")
                assert await cursor.fetchall() == [(written,)]
            await looking.commit()
            looking.begin("BEGIN IMMEDIATE")
            await looking.cursor().execute("INSERT INTO numbers VALUES (1)")
            await looking.commit()
            assert not looking.in_transaction
            assert other.execute("SELECT count(*) FROM numbers").fetchone() == (written + 1,)
        await looking.close()


async def test_a_look_whose_end_failed_ends_before_what_comes_next(tmp_path: Path) -> None:
    class Failing(sqlite3.Connection):
        fails = False

        def commit(self) -> None:
            if Failing.fails:
                raise sqlite3.OperationalError("disk I/O error")
            super().commit()

    place = tmp_path / "numbers.db"
    with closing(sqlite3.connect(place)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("CREATE TABLE numbers (n INTEGER)")
        looking = sqlite_connection(str(place), isolation_level=None, factory=Failing)
        await looking
        looking.begin("BEGIN", reads=True)
        await looking.cursor().execute("SELECT count(*) FROM numbers")
        Failing.fails = True
        await looking.commit()
        looking.begin("BEGIN IMMEDIATE")
        await looking.cursor().execute("INSERT INTO numbers VALUES (1)")
        Failing.fails = False
        await looking.commit()
        assert other.execute("SELECT count(*) FROM numbers").fetchone() == (1,)
        await looking.close()
