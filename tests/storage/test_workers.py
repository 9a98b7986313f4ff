"""Many workers in several processes on one outbox: each post is held by one of them, each channel's order holds."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections import defaultdict
from pathlib import Path

from bot.posting.post import PostState
from storage.store import SqlStore
from tests.storage.scenes import channel, posts

PROCESSES = 2
TASKS = 10  # in each process
CHANNELS = 8
POSTS = 6  # in each channel
TIMEOUT = 90.0  # seconds; a worker that fails leaves the others waiting for its leases


async def test_workers_never_hold_the_same_post_nor_two_of_a_channel(store: SqlStore, database_url: str) -> None:
    expected = {}
    for number in range(CHANNELS):
        here = await channel(store, str(number))
        expected[here.id] = await posts(store, here, POSTS)
    working = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.storage.worker", database_url, str(TASKS), str(seed)),
            stdout=asyncio.subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        for seed in range(PROCESSES)
    ]
    try:
        async with asyncio.timeout(TIMEOUT):
            outputs = [await process.communicate() for process in working]
    finally:
        for process in working:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert [process.returncode for process in working] == [0] * PROCESSES

    held: defaultdict[int, list[tuple[float, float, int, str]]] = defaultdict(list)
    by_process = [{json.loads(line)[3] for line in output.splitlines()} for output, _ in outputs]
    assert all(by_process), "one process had all the work; the test says nothing"
    for output, _ in outputs:
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
