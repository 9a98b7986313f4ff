"""Digests for many channels, posted through the real clients while the platform takes only so many."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from adapters.discord.platform import DiscordPlatform
from adapters.slack.client.connection import Connection
from adapters.slack.installation.workspaces import OneWorkspace
from adapters.slack.platform import SlackPlatform
from bot.channels.channel import Address, PlatformName
from bot.clocks import SteadyClock, SystemClock
from bot.messages.message import Message, Note, Span
from bot.posting.post import PostState
from storage.store import SqlStore
from tests.bench.many_channels import many_channels
from tests.core import Core
from tests.simulators.discord import TOKEN, DiscordSimulator
from tests.simulators.limits import Limit
from tests.simulators.slack import BOT_TOKEN, SlackSimulator
from tests.simulators.slack_methods import TEAM
from tests.sources import a_paper

LONGEST = 300.0  # seconds until everything must be there
_HELLO = Message(summary="Hello", blocks=(Note((Span("Hello"),)),))


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of it: the limit with its counts, messages by channel, and seconds until people were answered."""

    limit: Limit
    messages: list[int]
    answered_after: list[float]


async def posted(
    name: PlatformName, urls: Sequence[str], folder: Path, limit: Limit, *, channels: int, ask_every: float = 1.0
) -> Posted:
    """Each of so many channels gets a digest, from a worker for each of the stores at those addresses, which are one
    database; meanwhile somebody is told something now and then."""
    async with AsyncExitStack() as stack:
        answered: list[float] = []
        if name is PlatformName.SLACK:
            slack = await stack.enter_async_context(SlackSimulator())
            slack.person()
            places = [slack.channel(f"channel-{number}") for number in range(channels)]
            addresses = [Address(name, TEAM, place.id) for place in places]
            platforms: list[SlackPlatform | DiscordPlatform] = [
                SlackPlatform(OneWorkspace(Connection(slack.api_url), BOT_TOKEN)) for _ in urls
            ]
            slack.limit = limit
        else:
            discord = await stack.enter_async_context(DiscordSimulator(SystemClock()))
            discord.validates = False  # that takes longer than answering, and is tested elsewhere
            guild = discord.state.add_guild()
            rooms = [discord.state.add_channel(guild, f"channel-{number}") for number in range(channels)]
            addresses = [Address(name, str(guild.id), str(room.id)) for room in rooms]
            platforms = [DiscordPlatform(TOKEN, SystemClock(), api_url=discord.api_url) for _ in urls]
            discord.limits.of_all = limit
        cores = []
        for number, (url, platform) in enumerate(zip(urls, platforms, strict=True)):
            stack.push_async_callback(platform.close)
            store = SqlStore(url)
            await store.open()
            stack.push_async_callback(store.close)
            core = Core(store, folder / str(number), platform=platform, clock=SteadyClock())  # type: ignore[arg-type]
            stack.push_async_callback(core.index.close)
            cores.append(core)
        first = cores[0]
        now = first.clock.now()
        await many_channels(first.store, addresses, lambda _: "diffusion", now=now, next_digest_at=now)
        await first.news(a_paper(1))
        for core in cores:
            await core.engine.leadership.renew()
        planned = 0
        while planned < channels:
            planned += await first.engine.planner.sweep()
        working = [asyncio.create_task(core.engine.outbox.run()) for core in cores]
        async with asyncio.timeout(LONGEST):
            while (await first.store.posts.counts())[PostState.SENT] < channels:
                asked = time.monotonic()
                if name is PlatformName.SLACK:
                    assert await platforms[0].tell(addresses[0], "U0ADA", _HELLO)
                    answered.append(time.monotonic() - asked)
                await asyncio.sleep(ask_every)
        for task in working:
            task.cancel()
        await asyncio.wait(working)
        limit.look(time.monotonic())
        if name is PlatformName.SLACK:
            assert not slack.violations, slack.violations[:3]
            return Posted(limit, [len(place.messages) for place in places], answered)
        assert not discord.problems, discord.problems[:3]
        return Posted(limit, [len(room.messages) for room in rooms], answered)
