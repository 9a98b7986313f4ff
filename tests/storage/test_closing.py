"""A store that closes: what is under way ends, and nothing begins any more."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from bot.errors import StorageError
from storage.database import database
from storage.store import SqlStore
from tests.storage.scenes import listed, paper


async def test_closing_waits_for_transactions_that_nobody_waits_for(database_url: str) -> None:
    store = SqlStore(database_url)
    begun, goes_on = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        async with store.database.write() as connection:
            begun.set()
            await goes_on.wait()
            await connection.execute(text("UPDATE counters SET value = value + 7"))

    writing = asyncio.create_task(write())
    await begun.wait()
    closing = asyncio.create_task(store.close())
    await asyncio.sleep(0.05)
    assert not closing.done()
    goes_on.set()
    await closing
    assert writing.done()
    again = SqlStore(database_url)
    async with again.database.read() as connection:
        assert (await connection.execute(text("SELECT min(value) FROM counters"))).scalar() == 7
    await again.close()


async def test_closing_waits_only_so_long(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "CLOSE_WITHIN", 0.05)
    store, begun = SqlStore(database_url), asyncio.Event()

    async def read() -> None:
        async with store.database.read() as connection:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                await connection.invalidate()  # the pool that would take it back is gone

    reading = asyncio.create_task(read())
    await begun.wait()
    await store.close()
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)


async def test_a_closed_store_takes_nothing_more(store: SqlStore) -> None:
    await store.close()
    with pytest.raises(StorageError, match="closed"):
        await listed(store, paper())
