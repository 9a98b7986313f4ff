"""Of all processes on one database one has a lock, until it lets go or dies."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from bot.posting.leadership import LEADING
from storage.database import locks
from storage.database.locks import lock_key
from storage.store import SqlStore
from tests.patience import PATIENCE

_LEADERS = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = (:key % 4294967296)::oid")
_CUT_LEADER = text(
    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = (:key % 4294967296)::oid"
)
OTHER = "discord-0123456789abcdef"


async def leaders(store: SqlStore) -> int:
    async with store.database.read() as connection:
        count: int = (await connection.execute(_LEADERS, {"key": lock_key(LEADING)})).scalar_one()
        return count


async def nobody_leads(store: SqlStore) -> None:
    async with asyncio.timeout(PATIENCE):
        while await leaders(store):
            await asyncio.sleep(0.01)


async def is_free(store: SqlStore, lock: str) -> None:
    """Takes it as soon as it can be had."""
    async with asyncio.timeout(PATIENCE):
        while not await store.locks.acquire(lock):
            await asyncio.sleep(0.01)


async def test_one_leads_until_it_closes(database_url: str) -> None:
    one, other = SqlStore(database_url), SqlStore(database_url)
    assert await one.locks.acquire(LEADING)
    assert not await other.locks.acquire(LEADING)
    assert await one.locks.acquire(LEADING)
    await one.close()
    await is_free(other, LEADING)
    assert not await one.locks.acquire(LEADING)
    await other.close()
    await one.close()


async def test_one_of_several_locks_is_let_go(database_url: str) -> None:
    one, other = SqlStore(database_url), SqlStore(database_url)
    await one.locks.release(OTHER)  # which it does not have
    assert await one.locks.acquire(LEADING)
    assert await one.locks.acquire(OTHER)
    await one.locks.release(OTHER)
    assert await other.locks.acquire(OTHER)
    assert not await other.locks.acquire(LEADING)
    assert not await one.locks.acquire(OTHER)
    await one.locks.release(LEADING)
    assert await other.locks.acquire(LEADING)
    await one.close()
    await other.close()


async def test_locks_are_held_one_by_one(database_url: str) -> None:
    one, other = SqlStore(database_url), SqlStore(database_url)
    assert await one.locks.acquire(LEADING)
    assert await other.locks.acquire(OTHER)
    assert not await one.locks.acquire(OTHER)
    assert not await other.locks.acquire(LEADING)
    assert await one.locks.acquire(LEADING)
    assert await other.locks.acquire(OTHER)
    await one.close()
    await is_free(other, LEADING)
    assert await other.locks.acquire(OTHER)
    await other.close()


async def test_with_its_connection_a_process_loses_all_its_locks(postgres_url: str) -> None:
    one, other = SqlStore(postgres_url), SqlStore(postgres_url)
    assert await one.locks.acquire(LEADING)
    assert await one.locks.acquire(OTHER)
    async with other.database.write() as connection:
        await connection.execute(_CUT_LEADER, {"key": lock_key(LEADING)})
    await nobody_leads(other)
    await is_free(other, OTHER)
    assert await one.locks.acquire(LEADING)
    assert not await one.locks.acquire(OTHER)
    await one.close()
    await other.close()


async def test_one_connection_holds_the_lock(postgres_url: str) -> None:
    one, other = SqlStore(postgres_url), SqlStore(postgres_url)
    assert await one.locks.acquire(LEADING)
    assert not await other.locks.acquire(LEADING)
    assert await one.locks.acquire(LEADING)
    assert await leaders(other) == 1
    await one.close()
    await nobody_leads(other)
    assert await other.locks.acquire(LEADING)
    assert not await one.locks.acquire(LEADING)
    await other.close()
    await one.close()


async def test_whoever_lost_its_connection_leads_no_more(postgres_url: str) -> None:
    one, other = SqlStore(postgres_url), SqlStore(postgres_url)
    assert await one.locks.acquire(LEADING)
    async with other.database.write() as connection:
        await connection.execute(_CUT_LEADER, {"key": lock_key(LEADING)})
    await nobody_leads(other)
    assert await other.locks.acquire(LEADING)
    assert not await one.locks.acquire(LEADING)
    assert not await one.locks.acquire(LEADING)
    await other.close()
    await nobody_leads(one)
    assert await one.locks.acquire(LEADING)
    await one.close()


async def test_whoever_hangs_loses_its_locks(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "SILENT_FOR", 100)
    one, other = SqlStore(postgres_url), SqlStore(postgres_url)
    assert await one.locks.acquire(LEADING)
    await is_free(other, LEADING)
    await one.close()
    await other.close()


async def test_of_many_that_ask_at_once_one_leads(postgres_url: str) -> None:
    stores = [SqlStore(postgres_url) for _ in range(8)]
    assert sum(await asyncio.gather(*(store.locks.acquire(LEADING) for store in stores))) == 1
    assert sum(await asyncio.gather(*(store.locks.acquire(LEADING) for store in stores))) == 1
    for store in stores:
        await store.close()


async def test_whoever_stopped_asking_halfway_claims_nothing(postgres_url: str) -> None:
    one, other = SqlStore(postgres_url), SqlStore(postgres_url)
    assert await other.locks.acquire(LEADING)
    for steps in range(12):
        asking = asyncio.create_task(one.locks.acquire(LEADING))
        for _ in range(steps):
            await asyncio.sleep(0.001)
        asking.cancel()
        await asyncio.wait([asking])
        assert not await one.locks.acquire(LEADING)
    await one.close()
    await other.close()


async def test_one_store_that_asks_twice_at_once_gives_one_answer(store: SqlStore) -> None:
    assert all(
        await asyncio.gather(store.locks.acquire(LEADING), store.locks.acquire(LEADING), store.locks.acquire(LEADING))
    )
    if not store.database.is_sqlite:
        assert await leaders(store) == 1
