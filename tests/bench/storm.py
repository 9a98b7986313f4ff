"""A storm: ten thousand channels get a digest in the same minute, sent by one process or by several.

Slack takes every message after 80 ms, in a process of its own, and sets no limit, so that what is measured is ours. On
a machine with two processors more than two processes can gain nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from sqlalchemy import update

from adapters.slack.client.connection import Connection
from adapters.slack.installation.workspaces import OneWorkspace
from adapters.slack.platform import SlackPlatform
from bot.channels.channel import Address, PlatformName
from bot.clocks import SteadyClock
from bot.digests.digest import DeliveryState
from bot.posting.post import PostState
from storage.store import SqlStore
from storage.tables.posts import DELIVERIES, POSTS
from tests.bench import Row, Stopwatch
from tests.bench.fake_apis import TEAM
from tests.bench.many_channels import many_channels
from tests.bench.outbox import ANSWER_AFTER, WANTED
from tests.core import Core
from tests.databases import PostgresServer
from tests.search.feeds import arxiv_papers

CHANNELS = 10_000
PAPERS = 10
WITHIN = 30.0  # seconds
LONGEST = 600.0  # seconds for one storm; then something is wrong


def rows() -> Iterator[Row]:
    """The rows of this section."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with TemporaryDirectory() as folder:
        yield from _storms(f"sqlite:///{folder}/paperround.db", "SQLite", (1,))
    with TemporaryDirectory() as folder, PostgresServer(Path(folder)) as server:
        yield from _storms(server.url(server.create()), "PostgreSQL", (1, 2, 4))


def _storms(url: str, database: str, numbers: Sequence[int]) -> Iterator[Row]:
    planned = asyncio.run(_prepare(url))
    yield Row(what=f"{CHANNELS:,} digests planned, {database}", ours=planned, unit="s")
    for number in numbers:
        seconds, processor = asyncio.run(_storm(url, number))
        processes = f"{number} process{'es' if number > 1 else ''} of {os.cpu_count()} processors"
        yield Row(what=f"{CHANNELS:,} channels, {database}, {processes}", ours=seconds, unit="s", rival="wanted",
                  theirs=WITHIN)  # fmt: skip
        yield Row(what="… a post, processor", ours=1000 * processor / CHANNELS, rival="wanted", theirs=WANTED)


async def _prepare(url: str) -> float:
    """Has a digest planned for every channel; returns how many seconds the planning took."""
    store = SqlStore(url)
    await store.open()
    with TemporaryDirectory() as folder:
        core = Core(store, Path(folder), platform=SlackPlatform(OneWorkspace(Connection(), "xoxb-1")))  # type: ignore[arg-type]
        now = core.clock.now()
        addresses = [Address(PlatformName.SLACK, TEAM, str(10**6 + number)) for number in range(CHANNELS)]
        await many_channels(store, addresses, lambda _: "learning", now=now, next_digest_at=now)
        await core.news(*arxiv_papers(PAPERS))
        with Stopwatch() as planning:
            planned = 0
            while planned < CHANNELS:  # one sweep takes no longer than some seconds
                planned += await core.engine.planner.sweep()
        await core.index.close()
    await store.close()
    return planning.seconds


async def _storm(url: str, processes: int) -> tuple[float, float]:
    """Sends what is planned; returns the seconds until all is sent, and those of the processors of who sends."""
    store = SqlStore(url)
    async with store.database.write() as connection:  # what an earlier storm sent is to be sent again
        fresh = {"remote_id": None, "sent_at": None, "attempts": 0, "attempt_at": None, "first_attempt_at": None}
        await connection.execute(update(POSTS).values(state=PostState.PENDING, **fresh))
        await connection.execute(update(DELIVERIES).values(state=DeliveryState.QUEUED, posted_at=None))
    with contextlib.ExitStack() as running:
        started = [sys.executable, "-m", "tests.bench.fake_apis", str(ANSWER_AFTER)]
        server = running.enter_context(subprocess.Popen(started, stdout=subprocess.PIPE, text=True))
        running.callback(server.kill)
        assert server.stdout is not None
        api = f"http://127.0.0.1:{int(server.stdout.readline())}/api/"
        workers = []
        for _ in range(processes):
            sending = [sys.executable, "-m", "tests.bench.storm", url, api]
            worker = subprocess.Popen(sending, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            workers.append(running.enter_context(worker))
            running.callback(worker.kill)
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        with Stopwatch() as posting:
            for worker in workers:
                assert worker.stdin is not None
                worker.stdin.write("go\n")
                worker.stdin.flush()
            used = [float(worker.stdout.readline()) for worker in workers if worker.stdout is not None]
    assert (await store.posts.counts())[PostState.SENT] == CHANNELS
    await store.close()
    return posting.seconds, sum(used)


async def _send(url: str, api: str) -> None:
    """One process' share: it says that it is ready, waits for a line, and says what it took of the processor."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    store = SqlStore(url)
    platform = SlackPlatform(OneWorkspace(Connection(api), "xoxb-1"))
    with TemporaryDirectory() as folder:
        # Its clock runs: what has to be tried again is due later.
        core = Core(store, Path(folder), platform=platform, clock=SteadyClock())  # type: ignore[arg-type]
        await core.engine.leadership.renew()
        await store.posts.counts()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        used = time.process_time()
        async with asyncio.timeout(LONGEST):
            working = asyncio.create_task(core.engine.outbox.run())
            while (counts := await store.posts.counts())[PostState.SENT] < sum(counts.values()):
                await asyncio.sleep(0.5)
            working.cancel()
            await asyncio.wait([working])
        print(time.process_time() - used, flush=True)
        await core.index.close()
    await platform.close()
    await store.close()


if __name__ == "__main__":
    asyncio.run(_send(sys.argv[1], sys.argv[2]))
