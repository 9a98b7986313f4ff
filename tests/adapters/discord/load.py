"""The storm: every channel gets a digest at the same time from a Discord in which everything goes wrong.

Nothing is replaced: the engine with its alarms, discord.py, sockets and the wall clock.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from sqlalchemy import select

from adapters.discord.bot import DiscordBot
from adapters.discord.platform import DiscordPlatform
from bot.app.assembly import lifecycle_of
from bot.channels.channel import Address, ChannelSettings, PlatformName, Style
from bot.channels.directory import Directory
from bot.clocks import SystemClock
from bot.commands.runner import REGISTRY
from bot.posting.post import PostState
from bot.posting.roles import Duty
from bot.topics.store import TopicOptions
from storage.store import SqlStore
from storage.tables.channels import CHANNELS
from storage.tables.posts import POSTS
from tests.core import Core
from tests.databases import sqlite_in
from tests.patience import PATIENCE
from tests.simulators.discord import DiscordSimulator
from tests.simulators.discord_responses import Fault
from tests.simulators.discord_state import Channel
from tests.sources import a_paper

MESSAGES = re.compile(r"/channels/\d+/messages$")
PAPERS = 3
STYLES = (Style.COMPACT, Style.CARDS, Style.THREADS)
#: What goes wrong, and with how many of a hundred messages.
WRONG = {
    Fault.ACCEPT_THEN_DROP: 3,
    Fault.DROP: 2,
    Fault.ERROR: 3,
    Fault.ACCEPT_THEN_ERROR: 3,
    Fault.RATE_LIMITED: 4,
    Fault.SLOW: 5,
}
#: People who wait for an answer at once: on a busy machine more of them would only wait longer and longer.
MOST_WAITING = 50
COMMANDS = ("topics", "today", "status", "help")


@dataclass(slots=True)
class Outcome:
    """What came of it. Times are in seconds; `wrong` are the channels that did not get everything once."""

    posts: int = 0
    seconds: float = 0.0
    delivered_after: list[float] = field(default_factory=list)
    answered_after: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unanswered: int = 0
    limited: int = 0
    resumes: int = 0
    identifies: int = 0
    faults: Counter[str] = field(default_factory=Counter)


async def storm(
    folder: Path, *, guilds: int, channels: int, wrong: Mapping[Fault, int] = WRONG, timeout: float, seed: int = 5
) -> Outcome:
    """Plays it; raises `TimeoutError` when not all is posted within `timeout` seconds."""
    clock, chance, outcome = SystemClock(), random.Random(seed), Outcome()
    async with DiscordSimulator(clock, per_window=5, window=5.0, per_second=50) as simulator:
        simulator.validates = False
        simulator.interactions.longest = PATIENCE
        store = SqlStore(sqlite_in(folder / "paperround.db"))
        platform = DiscordPlatform(simulator.token, clock, api_url=simulator.api_url)
        core = Core(store, folder / "index", clock=clock, platform=platform)  # type: ignore[arg-type]
        places = await _prepare(core, simulator, guilds, channels)
        simulator.fault_for = _fault_plan(wrong, chance, outcome)
        directory = Directory(store.channels, clock)
        lifecycle = lifecycle_of(store, clock, core.engine.outbox.wake)
        bot = DiscordBot(platform, core.commands, REGISTRY, directory=directory, lifecycle=lifecycle, clock=clock)
        serving = asyncio.create_task(core.engine.leadership.serve(PlatformName.DISCORD, Duty.LISTENING, bot.run))
        await core.engine.leadership.renew()
        await asyncio.wait_for(simulator.gateway.ready.wait(), PATIENCE)
        began = time.monotonic()
        working = asyncio.create_task(core.engine.run())
        people = asyncio.create_task(_people(simulator, places, chance, outcome))
        fault_for = asyncio.create_task(_drops(simulator, store))
        try:
            async with asyncio.timeout(timeout):
                while not await _is_over(store, len(places)):
                    await asyncio.sleep(0.1)
            outcome.seconds = time.monotonic() - began
            await asyncio.wait_for(fault_for, PATIENCE)
        finally:
            people.cancel()
            await asyncio.gather(people, return_exceptions=True)
            for task in (working, serving, fault_for):
                task.cancel()
            await asyncio.gather(working, serving, fault_for, return_exceptions=True)
            await platform.close()
        await _judge(simulator, store, places, outcome)
        outcome.limited = simulator.limited
        outcome.resumes, outcome.identifies = simulator.gateway.resumes, len(simulator.gateway.identifies)
        await core.index.close()
        await store.close()
    return outcome


def _fault_plan(
    wrong: Mapping[Fault, int], chance: random.Random, outcome: Outcome
) -> Callable[[str, str], Fault | None]:
    faults, shares = [None, *wrong], [100 - sum(wrong.values()), *wrong.values()]

    def fault_for(method: str, path: str) -> Fault | None:
        if method != "POST" or not MESSAGES.search(path):
            return None
        [fault] = chance.choices(faults, shares)
        if fault is not None:
            outcome.faults[fault.name] += 1
        return fault

    return fault_for


async def _prepare(core: Core, simulator: DiscordSimulator, guilds: int, channels: int) -> list[Channel]:
    """Channels of all styles with a topic, papers that wait, and a digest that is due."""
    now = core.clock.now()
    servers = [simulator.state.add_guild(f"Lab {number}") for number in range(guilds)]
    places = []
    for number in range(channels):
        place = simulator.state.add_channel(servers[number % guilds], f"papers-{number}")
        address = Address(PlatformName.DISCORD, str(place.guild), str(place.id))
        stored = await core.store.channels.add(
            address, place.name, time_zone="UTC", schedule="daily 13:00", next_digest_at=now
        )
        settings = ChannelSettings(style=STYLES[number % len(STYLES)])
        await core.store.channels.change(stored.id, partial(replace, settings=settings), now)
        await core.store.subscriptions.add(stored.id, TopicOptions(query="diffusion"), created_by="1", now=now)
        places.append(place)
    await core.news(*(a_paper(number) for number in range(PAPERS)))
    return places


async def _people(simulator: DiscordSimulator, places: list[Channel], chance: random.Random, outcome: Outcome) -> None:
    """Somebody asks something five times a second, whatever happens, as long as few still wait."""
    asked: set[asyncio.Task[None]] = set()

    async def ask() -> None:
        outcome.unanswered += 1
        answer = await simulator.interactions.command(chance.choice(places), chance.choice(COMMANDS))
        assert answer.answered_after is not None
        outcome.answered_after.append(answer.answered_after)
        outcome.unanswered -= 1

    try:
        while True:
            if outcome.unanswered < MOST_WAITING:
                asked.add(asyncio.create_task(ask()))
            await asyncio.sleep(0.2)
    finally:
        await asyncio.gather(*asked, return_exceptions=True)


async def _drops(simulator: DiscordSimulator, store: SqlStore) -> None:
    """The gateway breaks twice while digests go out: without a word, and by asking us to come again."""
    for share, lose in ((0.3, simulator.gateway.drop), (0.6, simulator.gateway.ask_to_reconnect)):
        while True:
            counts = await store.posts.counts()
            if (total := sum(counts.values())) and counts[PostState.SENT] >= share * total:
                break
            await asyncio.sleep(0.02)
        before = simulator.gateway.resumes
        await lose()
        while simulator.gateway.resumes == before:
            await asyncio.sleep(0.02)


async def _is_over(store: SqlStore, channels: int) -> bool:
    counts = await store.posts.counts()
    done = counts[PostState.SENT] + counts[PostState.FAILED]
    return done >= channels and done == sum(counts.values())


async def _judge(simulator: DiscordSimulator, store: SqlStore, places: list[Channel], outcome: Outcome) -> None:
    """Compares what is in Discord with what the outbox says, message by message."""
    statement = select(CHANNELS.c.external_id, POSTS.c.remote_id, POSTS.c.state, POSTS.c.sent_at, POSTS.c.created_at)
    posted: dict[str, list[str]] = {}
    async with store.database.read() as connection:
        rows = await connection.execute(statement.join_from(POSTS, CHANNELS))
        for row in rows:
            posted.setdefault(row.external_id, []).append(row.remote_id if row.state == PostState.SENT else row.state)
            if row.sent_at is not None:
                outcome.delivered_after.append((row.sent_at - row.created_at).total_seconds())
    for number, place in enumerate(places):
        ids = [message["id"] for one in (place, *simulator.state.threads_of(place)) for message in one.messages]
        outcome.posts += len(ids)
        wanted = 1 + PAPERS if STYLES[number % len(STYLES)] is Style.THREADS else 1
        if sorted(ids) != sorted(posted.get(str(place.id), ())) or len(ids) != wanted:
            outcome.wrong.append(f"{place.name}: {ids} are there, and the outbox says {posted.get(str(place.id))}")
