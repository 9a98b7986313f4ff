"""Answers in a storm: how soon people hear from the program while ten thousand channels get a digest.

The real program, with Slack (over Socket Mode and over HTTP), Discord and the workspace at once: somebody gives one
command after the other in each of them, first while the digests are planned, then while they go out. Slack takes every
message after 80 ms. Its times are those of the clock on the wall, so whatever else runs on the machine counts: the
commands that are given before the storm tell how much that is.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count, cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psutil
from sqlalchemy import func, select, update

from adapters.slack.paths import EVENTS_PATH
from adapters.web.addresses import address_of
from bot.channels.channel import Address, PlatformName
from bot.clocks import SteadyClock
from bot.posting.post import PostState
from bot.topics.store import TopicOptions
from storage.store import SqlStore
from storage.tables.channels import CHANNELS
from storage.tables.posts import DIGESTS
from tests.bench import Row, Times
from tests.bench.many_channels import many_channels
from tests.core import Core
from tests.databases import PostgresServer
from tests.ports import free_port, until_ready
from tests.search.feeds import arxiv_papers
from tests.simulators.discord import DiscordSimulator
from tests.simulators.discord_state import Channel
from tests.simulators.slack import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, Fault, SlackSimulator
from tests.simulators.slack_methods import METHODS, TEAM, Json

CHANNELS_IN_ALL = 10_000
PAPERS = 10
ASKED_IN = 20  # channels of each platform
ANSWER_AFTER = 0.08  # seconds
PAUSE = 0.05  # seconds between an answer and the next command
BEGINS_AFTER = 40.0  # seconds that the program gets to start and to connect, and to answer before the storm
LONGEST = 900.0  # seconds for one storm; then something is wrong
LINES = ("topics", "search learning", "settings limit 10", "status")
DISCORD_COMMANDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("topics", {}), ("search", {"query": "learning"}), ("status", {}),
)  # fmt: skip
ACKNOWLEDGED_WITHIN, ANSWERED_WITHIN = 150.0, 300.0  # milliseconds
NOBODY = "http://127.0.0.1:9"
BEFORE, PLANNING, POSTING = "before", "planning", "posting"


@dataclass(slots=True)
class Asked:
    """Seconds until commands were acknowledged, and answered, by the phase and the way in which they were given."""

    phase: str = BEFORE
    acknowledged: defaultdict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    answered: defaultdict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))

    def note(self, way: str, answered: float, acknowledged: float | None = None) -> None:
        self.answered[self.phase, way].append(answered)
        if acknowledged is not None:
            self.acknowledged[self.phase, way].append(acknowledged)


def rows() -> Iterator[Row]:
    """The rows of this section."""
    METHODS["chat.postMessage"] = _taken
    with TemporaryDirectory() as folder:
        yield from asyncio.run(_storm(f"sqlite:///{folder}/paperround.db", "SQLite", Path(folder)))
    with TemporaryDirectory() as folder, PostgresServer(Path(folder)) as server:
        yield from asyncio.run(_storm(server.url(server.create()), "PostgreSQL", Path(folder)))


_numbers = count(1)


def _taken(_slack: SlackSimulator, arguments: Json) -> Json:
    """A message is taken, without a look at it: what is measured is ours."""
    return {"channel": arguments["channel"], "ts": f"{time.time():.0f}.{next(_numbers):06}"}


async def _storm(url: str, database: str, folder: Path) -> list[Row]:
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackSimulator())
        over_http = await stack.enter_async_context(SlackSimulator())
        discord = await stack.enter_async_context(DiscordSimulator(SteadyClock()))
        slack.fault_for = lambda method: Fault.LATE if method == "chat.postMessage" else None
        slack.late_after = lambda: ANSWER_AFTER
        discord.validates, discord.interactions.longest = False, 60.0
        guild = discord.state.add_guild()
        places = [discord.state.add_channel(guild, f"papers-{number}") for number in range(ASKED_IN)]
        store = SqlStore(url)
        stack.push_async_callback(store.close)
        await _prepare(store, folder, places)
        port = free_port()
        over_http.http_url = f"http://127.0.0.1:{port}{EVENTS_PATH}"
        asked = Asked()
        async with _program(url, folder, port, slack, discord) as program:
            await _is_due(store, SteadyClock().now() + timedelta(seconds=BEGINS_AFTER))
            await _until_listening(port, slack, discord)
            people = [
                asyncio.create_task(each)
                for each in (
                    _in_slack(slack, "Slack, Socket Mode", asked),
                    _in_slack(over_http, "Slack, HTTP", asked),
                    _in_discord(discord, places, asked),
                    _in_the_workspace(port, asked),
                )
            ]
            used, seconds = await _watch(store, program, asked, people)
            for task in people:
                task.cancel()
            await asyncio.gather(*people, return_exceptions=True)
    return [
        *(row for phase in (BEFORE, PLANNING, POSTING) for row in _rows(asked, database, phase)),
        Row(what=f"{database}: {CHANNELS_IN_ALL:,} digests planned and posted", ours=seconds, unit="s"),
        Row(what="… processor, each, with commands", ours=1000 * used / CHANNELS_IN_ALL),
    ]


def _rows(asked: Asked, database: str, phase: str) -> Iterator[Row]:
    for what, taken, wanted in (
        ("acknowledged", asked.acknowledged, ACKNOWLEDGED_WITHIN),
        ("answered", asked.answered, ANSWERED_WITHIN),
    ):
        for (during, way), seconds in taken.items():
            if during == phase:
                times = Times.of(seconds)
                label = f"{database}, {phase}, {way}: {len(seconds)} {what}"
                yield Row(what=f"{label}, p50 {times.p50:.0f}, p95 {times.p95:.0f}, p99", ours=times.p99,
                          rival="wanted", theirs=wanted)  # fmt: skip


async def _prepare(store: SqlStore, folder: Path, places: list[Channel]) -> None:
    await store.open()
    clock = SteadyClock()
    core = Core(store, folder / "index", clock=clock)  # type: ignore[arg-type]
    now = clock.now()
    later = now + timedelta(days=1)
    await many_channels(
        store,
        [Address(PlatformName.SLACK, TEAM, _place(number)) for number in range(CHANNELS_IN_ALL)],
        lambda _: "learning",
        now=now,
        next_digest_at=later,
    )
    for address in (address_of("general"), *(Address(PlatformName.DISCORD, str(p.guild), str(p.id)) for p in places)):
        other = await store.channels.add(address, "", time_zone="UTC", schedule="daily 13:00", next_digest_at=later)
        await store.subscriptions.add(other.id, TopicOptions(query="language"), created_by="u1", now=now)
    await core.news(*arxiv_papers(PAPERS))
    await core.index.close()


def _place(number: int) -> str:
    return f"C{number:07}"


async def _is_due(store: SqlStore, moment: datetime) -> None:
    async with store.database.write() as connection:
        everybody = update(CHANNELS).where(CHANNELS.c.external_id >= _place(0), CHANNELS.c.external_id < "D")
        await connection.execute(everybody.values(next_digest_at=moment))


@asynccontextmanager
async def _program(
    url: str, folder: Path, port: int, slack: SlackSimulator, discord: DiscordSimulator
) -> AsyncIterator[psutil.Process]:
    settings = {
        "DATA_DIR": str(folder),
        "DATABASE_URL": url,
        "WEB": "true",
        "WEB_PORT": str(port),
        "SPREAD_MINUTES": "0",
        "SLACK_API_URL": slack.api_url,
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": APP_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "DISCORD_API_URL": discord.api_url,
        "DISCORD_TOKEN": discord.token,
        **{f"{name}_URL": NOBODY for name in ("HUGGINGFACE", "ARXIV_API", "ARXIV_RSS")},
    }
    environment = {**os.environ, **{f"PAPERROUND_{name}": value for name, value in settings.items()}}
    started = [sys.executable, "-m", "bot", "run"]
    program = psutil.Popen(started, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield program
    finally:
        program.terminate()
        await asyncio.to_thread(program.wait)


async def _until_listening(port: int, slack: SlackSimulator, discord: DiscordSimulator) -> None:
    async with asyncio.timeout(LONGEST):
        await until_ready(port, within=LONGEST)
        while not slack.sockets:
            await asyncio.sleep(0.1)
        await discord.gateway.ready.wait()


async def _watch(
    store: SqlStore, program: psutil.Process, asked: Asked, people: list[asyncio.Task[None]]
) -> tuple[float, float]:
    """Waits until all is sent, and says in which phase that is; returns seconds of the processor and of the clock."""
    async with asyncio.timeout(LONGEST):
        asked.phase = BEFORE
        while not await _planned(store):
            await asyncio.sleep(0.1)
        used, began = sum(program.cpu_times()[:2]), time.monotonic()
        while (await store.posts.counts())[PostState.SENT] < CHANNELS_IN_ALL:
            asked.phase = POSTING if await _planned(store) >= CHANNELS_IN_ALL else PLANNING
            for task in people:
                if task.done():
                    task.result()
            await asyncio.sleep(0.5)
    return sum(program.cpu_times()[:2]) - used, time.monotonic() - began


async def _planned(store: SqlStore) -> int:
    async with store.database.read() as connection:
        found: int = (await connection.execute(select(func.count()).select_from(DIGESTS))).scalar_one()
        return found


async def _asking(ask: Callable[[int], Awaitable[Any]]) -> None:
    for number in count():
        await ask(number)
        await asyncio.sleep(PAUSE)


async def _in_slack(slack: SlackSimulator, way: str, asked: Asked) -> None:
    slack.person()
    channels = [slack.channel(channel_id=_place(37 * number)) for number in range(ASKED_IN)]

    async def ask(number: int) -> None:
        started = time.monotonic()
        given = await slack.command(LINES[number % len(LINES)], channels[number % ASKED_IN])
        acknowledged = time.monotonic() - started
        await asyncio.wait_for(given.responses.get(), LONGEST)
        asked.note(way, time.monotonic() - started, acknowledged)

    await _asking(ask)


async def _in_discord(discord: DiscordSimulator, places: list[Channel], asked: Asked) -> None:
    commands = cycle(DISCORD_COMMANDS)

    async def ask(number: int) -> None:
        name, values = next(commands)
        started = time.monotonic()
        answer = await discord.interactions.command(places[number % ASKED_IN], name, **values)
        asked.note("Discord", time.monotonic() - started, answer.answered_after)

    await _asking(ask)


async def _in_the_workspace(port: int, asked: Asked) -> None:
    url = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as client:

        async def ask(number: int) -> None:
            started = time.monotonic()
            line = {"line": LINES[number % len(LINES)]}
            answer = await client.post(
                "/c/general/command", data=line, headers={"origin": url, "accept": "application/json"}
            )
            answer.raise_for_status()
            asked.note("the workspace", time.monotonic() - started)

        await _asking(ask)
