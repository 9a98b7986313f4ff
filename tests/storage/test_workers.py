"""Many workers in several processes on one outbox: each post is held by one of them, each channel's order holds."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import defaultdict
from pathlib import Path

from bot.posting.post import PostState
from storage.store import SqlStore
from tests.forked import Forked
from tests.storage import worker
from tests.storage.scenes import channel, posts

PROCESSES = 2
TASKS = 10  # in each process
CHANNELS = 8
POSTS = 6  # in each channel
TIMEOUT = 90.0  # seconds; a worker that fails leaves the others waiting for its leases


async def test_workers_never_hold_the_same_post_nor_two_of_a_channel(
    store: SqlStore, database_url: str, tmp_path: Path
) -> None:
    expected = {}
    for number in range(CHANNELS):
        here = await channel(store, str(number))
        expected[here.id] = await posts(store, here, POSTS)
    files = [tmp_path / str(seed) for seed in range(PROCESSES)]
    # They begin together: else one that comes late might find nothing to do any more.
    working = [Forked(worker.main, database_url, TASKS, seed, files, stdout=file) for seed, file in enumerate(files)]
    try:
        assert [await asyncio.to_thread(process.wait, TIMEOUT) for process in working] == [0] * PROCESSES
    finally:
        for process in working:
            process.kill()

    held: defaultdict[int, list[tuple[float, float, int, str]]] = defaultdict(list)
    outputs = [file.read_text().strip() for file in files]
    by_process = [{json.loads(line)[3] for line in output.splitlines()} for output in outputs]
    assert all(by_process), "one process had all the work; the test says nothing"
    for output in outputs:
        for line in output.splitlines():
            channel_id, *holding = json.loads(line)
            held[channel_id].append((*holding,))
    for channel_id, holdings in held.items():
        holdings.sort()
        for (_, until, _, _), (since, _, _, _) in itertools.pairwise(holdings):
            assert until <= since, f"two posts of channel {channel_id} were in flight at once"
        assert [post for _, _, post, state in holdings if state == PostState.SENT] == expected[channel_id]
    assert set(held) == set(expected)
    assert (await store.posts.counts())[PostState.SENT] == CHANNELS * POSTS
