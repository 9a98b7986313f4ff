"""The outbox sleeps while nothing is due: it wakes at the moment at which something is, and with news."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.clocks import SteadyClock
from bot.posting import outbox
from bot.posting.post import HOLDS_UP_FOR, PostState, Priority, Settlement
from storage.store import SqlStore
from storage.tables.channels import CHANNELS
from storage.tables.posts import POSTS
from tests.clocks import NOON, SettableClock
from tests.core import Core
from tests.patience import PATIENCE
from tests.platforms import SimulatedPlatform
from tests.storage.scenes import channel, lease_one, listed, paper, posts

SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def nobody_looks_anyway(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else an outbox that nobody tells anything would find it out by itself after a minute."""
    monkeypatch.setattr(outbox, "LOOK_ANYWAY", 3600.0)


async def delay(store: SqlStore, post_id: int, until: datetime, priority: Priority = Priority.AWAITED) -> None:
    async with store.database.write() as connection:
        await connection.execute(update(POSTS).where(POSTS.c.id == post_id).values(due_at=until, priority=priority))


async def rest(store: SqlStore, channel_id: int, until: datetime) -> None:
    async with store.database.write() as connection:
        await connection.execute(update(CHANNELS).where(CHANNELS.c.id == channel_id).values(post_after=until))


@asynccontextmanager
async def at_work(core: Core) -> AsyncIterator[None]:
    """An outbox that nobody tells anything."""
    await core.engine.leadership.renew()
    task = asyncio.create_task(core.engine.outbox.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def opened(
    url: str, folder: Path, clock: SettableClock | SteadyClock, platform: SimulatedPlatform
) -> AsyncIterator[Core]:
    store = SqlStore(url)
    core = Core(store, folder, clock=clock, platform=platform)  # type: ignore[arg-type]
    await listed(store, *(paper(number) for number in range(3)))
    yield core
    await core.index.close()
    await store.close()


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.01)


async def test_the_next_moment_is_the_first_that_time_alone_brings(store: SqlStore) -> None:
    here, resting, lost = [await channel(store, name) for name in ("here", "resting", "lost")]
    assert await store.posts.next_due(NOON) is None
    scheduled, awaited = await posts(store, here, 2)
    assert await store.posts.next_due(NOON) is None  # it is due already: somebody may have it in a moment
    await delay(store, scheduled, NOON + 9 * SECOND, Priority.SCHEDULED)
    assert await store.posts.next_due(NOON) == NOON + 9 * SECOND
    await delay(store, awaited, NOON + 11 * SECOND)
    assert await store.posts.next_due(NOON) == NOON + 9 * SECOND
    assert await store.posts.next_due(NOON + 9 * SECOND) == NOON + 11 * SECOND
    await posts(store, resting)
    await rest(store, resting.id, NOON + 5 * SECOND)
    assert await store.posts.next_due(NOON) == NOON + 5 * SECOND
    await store.channels.pause(resting.id, reason="", until=None)
    assert await store.posts.next_due(NOON) == NOON + 9 * SECOND
    # What is looked for lets other digests pass at last.
    (unknown,) = await posts(store, lost)
    tried_at = NOON + 3 * SECOND - HOLDS_UP_FOR
    post = await lease_one(store, NOON)
    assert post.id == unknown
    assert await store.posts.begin(post, now=tried_at, until=NOON + 60 * SECOND)
    await store.posts.settle(Settlement(post=post, state=PostState.UNKNOWN, at=NOON, due_at=NOON + 60 * SECOND))
    assert await store.posts.next_due(NOON) == NOON + 3 * SECOND


async def test_a_post_that_becomes_due_later_is_sent_then(database_url: str, tmp_path: Path) -> None:
    clock, platform = SteadyClock(), SimulatedPlatform(interval=0.5)
    async with opened(database_url, tmp_path, clock, platform) as core:
        here = await core.store.channels.add(
            core.address(), "general", time_zone="UTC", schedule="daily 12:00", next_digest_at=None
        )
        first, _ = await posts(core.store, here, 2, now=clock.now())
        due = clock.now() + timedelta(seconds=0.7)
        await delay(core.store, first, due)
        async with at_work(core):
            await eventually(lambda: len(platform.posts) == 1)
            assert due <= clock.now()
            # The channel rests after it, which nobody tells either.
            await eventually(lambda: len(platform.posts) == 2)
            assert clock.now() >= due + timedelta(seconds=0.5)


async def test_a_clock_that_is_set_wakes_the_outbox(sqlite_url: str, tmp_path: Path) -> None:
    clock, platform = SettableClock(), SimulatedPlatform()
    async with opened(sqlite_url, tmp_path, clock, platform) as core:
        here = await core.store.channels.add(
            core.address(), "general", time_zone="UTC", schedule="daily 12:00", next_digest_at=None
        )
        (later,) = await posts(core.store, here)
        await delay(core.store, later, NOON + timedelta(hours=1))
        async with at_work(core):
            await asyncio.sleep(0.3)
            assert not platform.posts
            clock.advance(hours=1)
            await eventually(lambda: len(platform.posts) == 1)


async def test_news_that_is_lost_costs_no_more_than_the_look_that_comes_anyway(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "LOOK_ANYWAY", 0.5)
    platform = SimulatedPlatform()
    async with opened(database_url, tmp_path, SettableClock(), platform) as core:
        here = await core.store.channels.add(
            core.address(), "general", time_zone="UTC", schedule="daily 12:00", next_digest_at=None
        )
        async with at_work(core):
            await asyncio.sleep(0.2)
            await posts(core.store, here)  # nobody hears of it
            await eventually(lambda: len(platform.posts) == 1)


async def test_a_workspace_without_room_is_looked_at_again_soon(sqlite_url: str, tmp_path: Path) -> None:
    platform = SimulatedPlatform()
    platform.rooms["local"] = 0
    async with opened(sqlite_url, tmp_path, SettableClock(), platform) as core:
        here = await core.store.channels.add(
            core.address(), "general", time_zone="UTC", schedule="daily 12:00", next_digest_at=None
        )
        await posts(core.store, here)
        async with at_work(core):
            await asyncio.sleep(0.2)
            assert not platform.posts
            platform.rooms.clear()
            await eventually(lambda: len(platform.posts) == 1)
