"""The outbox: the work that a digest is for us, in time of the processor, and how well unknown limits are used.

Real messages of ten papers go through the real clients of Slack and Discord over sockets to a server that takes them
after 80 ms, on SQLite and on PostgreSQL. What other programs do meanwhile changes these figures little.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from adapters.discord.client import connection
from adapters.discord.platform import DiscordPlatform
from adapters.slack.client.connection import Connection
from adapters.slack.installation.workspaces import OneWorkspace
from adapters.slack.platform import SlackPlatform
from bot.channels.channel import Address, PlatformName
from bot.clocks import SystemClock
from bot.platforms.command_calls import CommandCall
from bot.posting.post import PostState
from bot.topics.store import TopicOptions
from storage.store import SqlStore
from tests.bench import Row, Stopwatch, Times
from tests.bench.fake_apis import TEAM
from tests.core import MANAGER, Core
from tests.databases import PostgresServer
from tests.posting.test_pacing import play
from tests.search.feeds import arxiv_papers
from tests.simulators.limits import Kind, Limit

CHANNELS = 1_000
PAPERS = 40
ANSWER_AFTER = 0.08  # seconds
WANTED = 2.5  # milliseconds of the processor a post
TOPICS = ("learning", "model", "language")


def rows() -> Iterator[Row]:
    """The rows of this section."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    yield from _paces()
    with TemporaryDirectory() as folder, PostgresServer(Path(folder)) as postgres:
        for database in ("SQLite", "PostgreSQL"):
            for name in (PlatformName.SLACK, PlatformName.DISCORD):
                with TemporaryDirectory() as files:
                    url = (
                        f"sqlite:///{files}/paperround.db" if database == "SQLite" else postgres.url(postgres.create())
                    )
                    yield from asyncio.run(_storm(name, database, url, Path(files)))


def _paces() -> Iterator[Row]:
    """On a virtual clock: limits that nobody tells. What is taken while nothing is taken at all is not counted as
    allowed. How much can be used at all stands in `deploy/docs/pacing.md`."""
    for label, limit, most in (
        ("20 a second", Limit(20, Kind.BUCKET, 30.0), 100.0),
        ("20 in any second", Limit(20, Kind.SLIDING, 30.0), 95.7),
        ("20 in any second, else nothing for 10 s", Limit(20, Kind.SLIDING, 10.0, blocks=True), 95.7),
        ("20 in any second, else nothing for 30 s", Limit(20, Kind.SLIDING, 30.0, blocks=True), 95.7),
        ("50 a second, then 10, then 50", Limit(_falls_once, Kind.BUCKET, 10.0), 99.4),
        ("50 a second, then 20, every other two minutes", Limit(_falls_and_rises, Kind.BUCKET, 10.0), 99.1),
        ("50 in any second, then 20, every other two minutes", Limit(_falls_and_rises, Kind.SLIDING, 10.0), 94.8),
        ("50 a second, of which others take 20 every other minute",
         Limit(50, Kind.BUCKET, 10.0, others=_others), 99.3),
        ("50 in any second, of which others take 20 every other minute",
         Limit(50, Kind.SLIDING, 10.0, others=_others), 95.0),
    ):  # fmt: skip
        outcome = play(limit, 900)
        yield Row(what=f"limit of {label}: used", ours=100 * outcome.used, unit="%", rival="possible", theirs=most,
                  more_is_better=True)  # fmt: skip
        yield Row(what="… refused", ours=100 * outcome.refused, unit="%", rival="wanted", theirs=1)
    outcome = play(Limit(50, Kind.BUCKET, 10.0), 900, processes=2)
    yield Row(what="limit of 50 a second, two processes: used", ours=100 * outcome.used, unit="%", rival="wanted",
              theirs=95, more_is_better=True)  # fmt: skip
    yield Row(what="… refused", ours=100 * outcome.refused, unit="%", rival="wanted", theirs=1)


def _falls_once(now: float) -> float:
    return 10 if 300 <= now < 600 else 50


def _falls_and_rises(now: float) -> float:
    return 20 if now // 120 % 2 else 50


def _others(now: float) -> float:
    return 20 if now // 60 % 2 else 0


async def _storm(name: PlatformName, database: str, url: str, folder: Path) -> list[Row]:
    command = [sys.executable, "-m", "tests.bench.fake_apis", str(ANSWER_AFTER)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            return await _measured(name, database, url, folder, f"http://127.0.0.1:{port}/api/")
        finally:
            server.kill()


async def _measured(name: PlatformName, database: str, url: str, folder: Path, api: str) -> list[Row]:
    store = SqlStore(url)
    await store.open()
    platform: SlackPlatform | DiscordPlatform
    if name is PlatformName.SLACK:
        platform, workspace = SlackPlatform(OneWorkspace(Connection(api), "xoxb-1")), TEAM
    else:
        vars(connection)["REQUESTS_PER_SECOND"] = 100_000.0  # what is measured is not Discord's limit
        platform, workspace = DiscordPlatform("MQ.x.y", SystemClock(), api_url=f"{api}v10"), "1"
    core = Core(store, folder / "index", platform=platform)  # type: ignore[arg-type]
    now = core.clock.now()
    for number in range(CHANNELS):
        address = Address(name, workspace, str(10**6 + number))
        channel = await store.channels.add(address, "", time_zone="UTC", schedule="daily 13:00", next_digest_at=now)
        for topic in TOPICS:
            await store.subscriptions.add(channel.id, TopicOptions(query=topic), created_by="u1", now=now)
    await core.news(*arxiv_papers(PAPERS))
    await core.engine.leadership.renew()
    started = _processor()
    planned_digests = 0
    while planned_digests < CHANNELS:  # one sweep takes no longer than some seconds
        planned_digests += await core.engine.planner.sweep()
    planned = _processor()
    with Stopwatch() as posting:
        going_out = asyncio.create_task(core.engine.outbox.drain())
        asked = await _asked(core, going_out, workspace)
        posted = await going_out
        assert (await store.posts.counts())[PostState.SENT] == CHANNELS
    done = _processor()
    await platform.close()
    await core.index.close()
    await store.close()
    label = f"{name.value.title()}, {database}"
    return [
        Row(what=f"{label}: a digest planned, processor", ours=1000 * (planned - started) / CHANNELS),
        Row(what="… posted, processor", ours=1000 * (done - planned) / posted, rival="wanted", theirs=WANTED),
        Row(what="… posts a second", ours=posted / posting.seconds, unit="/s", more_is_better=True),
        Row(what="… a command meanwhile, p99", ours=asked.p99, rival="wanted", theirs=150),
    ]


async def _asked(core: Core, going_out: asyncio.Task[int], workspace: str) -> Times:
    """How long commands take while digests go out."""
    durations, number = [0.0], 0
    while not going_out.done():
        number = (number + 37) % CHANNELS
        address = Address(core.platform.name, workspace, str(10**6 + number))
        call = CommandCall(line="topics", address=address, channel_name="", person=MANAGER)
        started = time.perf_counter()
        assert not (await core.commands.run(call)).failed
        durations.append(time.perf_counter() - started)
        await asyncio.sleep(0.05)
    return Times.of(durations)


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
