"""Posting: digests planned and posts sent per second, and how commands are answered meanwhile.

The platform has no limits here, so that what is measured is ours. SQLite, with a flush to the disk at every commit.
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psutil
import structlog

from adapters.web.addresses import address_of
from bot.topics.store import TopicOptions
from storage.store import SqlStore
from tests.bench import Row, Stopwatch, Times
from tests.bench.matching import DISTINCT
from tests.core import Core
from tests.feed_server import SHARED
from tests.ports import free_port
from tests.search.feeds import arxiv_papers
from tests.sources import a_paper
from tests.topics.real import subscriptions

CHANNELS = 10_000
TOPICS = 10_000  # while the program idles
IDLE_AFTER = 10  # seconds
PAPERS = 5
MEGABYTE = 1_000_000
CORPUS = SHARED / "data" / "arxiv" / "papers.jsonl.xz"


def rows() -> Iterator[Row]:
    """The rows of this section."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield from asyncio.run(_digests())
    yield from _start()


@asynccontextmanager
async def _subscribed(channels: int) -> AsyncIterator[Core]:
    """A core in which every channel has a topic, and a digest once there are papers."""
    with TemporaryDirectory() as folder:
        store = SqlStore(f"sqlite:///{folder}/paperround.db")
        await store.open()
        core = Core(store, Path(folder) / "index")
        now = core.clock.now()
        for number in range(channels):
            channel = await store.channels.add(
                core.address(f"channel-{number}"), "", time_zone="UTC", schedule="daily 13:00", next_digest_at=now
            )
            options = TopicOptions(query="diffusion")
            await store.subscriptions.add(channel.id, options, created_by="u1", now=now)
        yield core
        await core.index.close()
        await store.close()


async def _digests() -> list[Row]:
    async with _subscribed(CHANNELS) as core:
        await core.news(*(a_paper(number) for number in range(PAPERS)))
        throughput = await _throughput(core)
        core.clock.advance(days=1)
        await core.news(*(a_paper(number) for number in range(PAPERS, 2 * PAPERS)))
        return throughput + await _answers(core)


async def _throughput(core: Core) -> list[Row]:
    with Stopwatch() as planning:
        planned = await core.engine.planner.sweep()
    with Stopwatch() as posting:
        posted = await core.engine.outbox.drain()
    assert planned == posted == CHANNELS
    return [
        Row(what="digests planned", ours=planned / planning.seconds, unit="/s", more_is_better=True),
        Row(
            what="posts through the outbox",
            ours=posted / posting.seconds,
            unit="/s",
            rival="wanted",
            theirs=500,
            more_is_better=True,
        ),
    ]


async def _answers(core: Core) -> list[Row]:
    """Commands while everybody gets a digest."""
    going_out = asyncio.create_task(core.engine.deliver())
    durations = []
    number = 0
    while not going_out.done():
        number = (number + 37) % CHANNELS
        for line in ("topics", "search diffusion", "settings limit 10"):
            started = time.perf_counter()
            await core.ask(line, f"channel-{number}")
            durations.append(time.perf_counter() - started)
        await asyncio.sleep(0.02)
    assert await going_out == CHANNELS
    times = Times.of(durations)
    label = f"a command while {CHANNELS:,} channels get a digest"
    return [
        Row(what=f"{label}: p50", ours=times.p50),
        Row(what=f"{label}: p99", ours=times.p99, rival="wanted", theirs=150),
    ]


def _start() -> Iterator[Row]:
    """The real program: importing, and starting with what was imported."""
    if not CORPUS.exists():
        return
    with TemporaryDirectory() as folder:
        environment = {**os.environ, "PAPERROUND_DATA_DIR": folder, "PAPERROUND_LOG_LEVEL": "error"}
        program = [sys.executable, "-m", "bot"]
        with Stopwatch() as importing:
            process = psutil.Popen([*program, "import", str(CORPUS)], env=environment, stdout=subprocess.DEVNULL)
            peak = 0
            while process.poll() is None:
                try:
                    peak = max(peak, process.memory_info().rss)
                except psutil.NoSuchProcess:
                    break
                time.sleep(0.05)
        yield Row(what="import 60,419 papers", ours=importing.seconds, unit="s", rival="wanted", theirs=120)
        yield Row(what="import: most memory", ours=peak / MEGABYTE, unit="MB", rival="wanted", theirs=500)
        with Stopwatch() as starting:
            subprocess.run([*program, "search", "diffusion"], env=environment, check=True, stdout=subprocess.DEVNULL)
        yield Row(
            what="start with 60,419 papers, and search", ours=starting.seconds, unit="s", rival="wanted", theirs=2
        )
        asyncio.run(_subscribe(Path(folder)))
        yield from _idle(program, environment)


async def _subscribe(folder: Path) -> None:
    """Gives a thousand channels ten topics each."""
    store = SqlStore(f"sqlite:///{folder}/paperround.db")
    await store.open()
    now = datetime.now(UTC)
    topics = subscriptions(list(arxiv_papers(TOPICS)), TOPICS, distinct=round(TOPICS * DISTINCT))
    for number in range(0, TOPICS, 10):
        channel = await store.channels.add(
            address_of(f"channel-{number}"), "", time_zone="UTC", schedule="daily 13:00", next_digest_at=now
        )
        for query in dict.fromkeys(topics[number : number + 10]):
            await store.subscriptions.add(channel.id, TopicOptions(query=query), created_by="u1", now=now)
    await store.close()


def _idle(program: Sequence[str], environment: Mapping[str, str]) -> Iterator[Row]:
    port = free_port()
    nobody = "http://127.0.0.1:9"
    environment = {
        **environment,
        "PAPERROUND_WEB_PORT": str(port),
        **{f"PAPERROUND_{name}_URL": nobody for name in ("HUGGINGFACE", "ARXIV_API", "ARXIV_RSS")},
    }
    with Stopwatch() as starting:
        process = psutil.Popen([*program, "run"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not _is_ready(port):
            assert process.poll() is None, "it does not run"
            time.sleep(0.02)
    time.sleep(IDLE_AFTER)
    idle = process.memory_info().rss
    process.terminate()
    process.wait()
    label = f"run with 60,419 papers and {TOPICS:,} topics"
    yield Row(what=f"{label}: ready", ours=starting.seconds, unit="s", rival="wanted", theirs=2)
    yield Row(what=f"{label}: idle", ours=idle / MEGABYTE, unit="MB", rival="wanted", theirs=150)


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=1).is_success
    except httpx.TransportError:
        return False
