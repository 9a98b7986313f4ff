"""Keys of what was begun: claimed once for all processes, and forgotten after a while."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import func, select

from storage.store import SqlStore
from storage.tables.posts import IDEMPOTENCY_KEYS
from tests.clocks import NOON

HOUR = timedelta(hours=1)


async def test_a_key_is_claimed_once(store: SqlStore) -> None:
    claims = [store.idempotency.claim("event", now=NOON, until=NOON + HOUR) for _ in range(8)]
    assert sorted(await asyncio.gather(*claims)) == [False] * 7 + [True]
    assert await store.idempotency.claim("another", now=NOON, until=NOON + HOUR)


async def test_a_key_may_be_claimed_again_when_its_time_is_over(store: SqlStore) -> None:
    assert await store.idempotency.claim("event", now=NOON, until=NOON + HOUR)
    assert not await store.idempotency.claim("event", now=NOON + HOUR / 2, until=NOON + 2 * HOUR)
    assert await store.idempotency.claim("event", now=NOON + HOUR, until=NOON + 2 * HOUR)


async def test_a_key_that_was_claimed_by_a_clock_a_year_ahead_holds_up_nobody(store: SqlStore) -> None:
    ahead = NOON + timedelta(days=365)
    assert await store.idempotency.claim("event", now=ahead, until=ahead + HOUR)
    assert await store.idempotency.claim("event", now=NOON, until=NOON + HOUR)
    another = NOON - timedelta(seconds=1)  # the clock of another process
    assert not await store.idempotency.claim("event", now=another, until=another + HOUR)


async def test_what_did_not_happen_may_be_begun_again(store: SqlStore) -> None:
    assert await store.idempotency.claim("event", now=NOON, until=NOON + HOUR)
    await store.idempotency.release("event")
    assert await store.idempotency.claim("event", now=NOON, until=NOON + HOUR)


async def test_keys_do_not_gather(store: SqlStore) -> None:
    for number in range(25):
        await store.idempotency.claim(f"old-{number}", now=NOON, until=NOON + HOUR)
    for number in range(4):
        await store.idempotency.claim(f"new-{number}", now=NOON + 2 * HOUR, until=NOON + 3 * HOUR)
    async with store.database.read() as connection:
        kept = (await connection.execute(select(func.count()).select_from(IDEMPOTENCY_KEYS))).scalar_one()
    assert kept == 4
