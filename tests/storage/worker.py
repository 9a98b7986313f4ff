"""A process that works on the outbox of a store, for `test_workers.py`.

Several tasks lease posts and settle them in every way until none is open. Each time one holds a post it prints a JSON
line with the post, its channel and from when to when (seconds of the machine's monotonic clock).
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.channels.channel import PlatformName
from bot.posting.post import Post, PostState, Settlement
from storage.store import SqlStore

LEASE = timedelta(seconds=60)
OPEN = (PostState.PENDING, PostState.LEASED, PostState.UNKNOWN)


async def work(store: SqlStore, chance: random.Random) -> None:
    while True:
        now = datetime.now(UTC)
        looking = chance.random() < 0.3
        leasing = store.posts.lease_unknown if looking else store.posts.lease
        posts = await leasing(tuple(PlatformName), now=now, until=now + LEASE, limit=chance.randint(1, 5))
        for post in posts:
            await hold(store, post, chance, looking=looking)
        counts = await store.posts.counts()
        if not any(counts[state] for state in OPEN):
            return
        if not posts:
            await asyncio.sleep(chance.random() / 20)


async def hold(store: SqlStore, post: Post, chance: random.Random, *, looking: bool) -> None:
    held_from = time.monotonic()
    if not looking:
        assert await store.posts.begin(post, now=datetime.now(UTC), until=datetime.now(UTC) + LEASE)
    await asyncio.sleep(chance.random() / 500)
    state = chance.choice([PostState.SENT, PostState.SENT, PostState.PENDING, PostState.UNKNOWN])
    now = datetime.now(UTC)
    held_until = time.monotonic()
    settlement = Settlement(post=post, state=state, at=now, remote_id=f"r{post.id}", due_at=now, error="")
    assert await store.posts.settle(settlement)
    print(json.dumps([post.channel_id, held_from, held_until, post.id, state]))


async def main(url: str, tasks: int, seed: int, begun: Sequence[Path]) -> None:
    """Begins once all of those files are there, into which the processes write what they print."""
    store = SqlStore(url)
    await store.posts.counts()
    print(flush=True)
    while not all(file.exists() and file.stat().st_size for file in begun):
        await asyncio.sleep(0.001)
    await asyncio.gather(*(work(store, random.Random(seed * 1000 + number)) for number in range(tasks)))
    await store.close()
