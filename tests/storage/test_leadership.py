"""Of all processes on one PostgreSQL one leads; on SQLite everybody may."""

from __future__ import annotations

import asyncio

from sqlalchemy import text

from storage.leadership import LEADER_LOCK
from storage.store import SqlStore

_LEADERS = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = (:key % 4294967296)::oid")
_CUT_LEADER = text(
    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = (:key % 4294967296)::oid"
)
_GONE = 10.0  # seconds that a server may take to notice


async def leaders(store: SqlStore) -> int:
    async with store.database.read() as connection:
        count: int = (await connection.execute(_LEADERS, {"key": LEADER_LOCK})).scalar_one()
        return count


async def nobody_leads(store: SqlStore) -> None:
    async with asyncio.timeout(_GONE):
        while await leaders(store):
            await asyncio.sleep(0.01)


async def test_on_sqlite_everybody_leads(sqlite_url: str) -> None:
    one, other = SqlStore(sqlite_url), SqlStore(sqlite_url)
    assert await one.lead()
    assert await other.lead()
    await one.close()
    await other.close()


async def test_one_leads_until_it_closes(postgres_url: str) -> None:
    one, other = SqlStore(postgres_url), SqlStore(postgres_url)
    assert await one.lead()
    assert not await other.lead()
    assert await one.lead()
    assert await leaders(other) == 1
    await one.close()
    await nobody_leads(other)
    assert await other.lead()
    assert not await one.lead()
    await other.close()
    await one.close()


async def test_whoever_lost_its_connection_leads_no_more(postgres_url: str) -> None:
    one, other = SqlStore(postgres_url), SqlStore(postgres_url)
    assert await one.lead()
    async with other.database.write() as connection:
        await connection.execute(_CUT_LEADER, {"key": LEADER_LOCK})
    await nobody_leads(other)
    assert await other.lead()
    assert not await one.lead()
    assert not await one.lead()
    await other.close()
    await nobody_leads(one)
    assert await one.lead()
    await one.close()


async def test_of_many_that_ask_at_once_one_leads(postgres_url: str) -> None:
    stores = [SqlStore(postgres_url) for _ in range(8)]
    assert sum(await asyncio.gather(*(store.lead() for store in stores))) == 1
    assert sum(await asyncio.gather(*(store.lead() for store in stores))) == 1
    for store in stores:
        await store.close()


async def test_whoever_stopped_asking_halfway_claims_nothing(postgres_url: str) -> None:
    one, other = SqlStore(postgres_url), SqlStore(postgres_url)
    assert await other.lead()
    for steps in range(12):
        asking = asyncio.create_task(one.lead())
        for _ in range(steps):
            await asyncio.sleep(0.001)
        asking.cancel()
        await asyncio.wait([asking])
        assert not await one.lead()
    await one.close()
    await other.close()


async def test_one_store_that_asks_twice_at_once_gives_one_answer(store: SqlStore) -> None:
    assert all(await asyncio.gather(store.lead(), store.lead(), store.lead()))
    if not store.database.is_sqlite:
        assert await leaders(store) == 1
