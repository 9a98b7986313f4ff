"""The whole bot in a simulated Discord: the real core on a real store, the real discord.py, one server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapters.discord.bot import OFFLINE_TIMEOUT, DiscordBot
from adapters.discord.platform import DiscordPlatform
from bot.app.assembly import forms_of, lifecycle_of
from bot.channels.channel import Address, PlatformName
from bot.channels.channel import Channel as StoredChannel
from bot.channels.directory import Directory
from bot.commands.runner import REGISTRY
from bot.commands.talk import Talk
from bot.platforms.cards import CardOf
from bot.platforms.command_calls import CommandRunner
from storage.store import SqlStore
from tests.clocks import SettableClock
from tests.core import Core
from tests.patience import PATIENCE
from tests.simulators.discord import DiscordSimulator, eventually
from tests.simulators.discord_interactions import Interaction
from tests.simulators.discord_state import Channel, Guild


@dataclass(slots=True)
class Harness:
    """What a test works with."""

    simulator: DiscordSimulator
    store: SqlStore
    clock: SettableClock
    folder: Path
    guild: Guild
    general: Channel
    core: Core
    platform: DiscordPlatform
    card_of: CardOf | None = None
    announced: list[str] = field(default_factory=list)

    async def say(self, name: str, channel: Channel | None = None, /, **values: Any) -> Interaction:
        """Gives a command as somebody who manages the channel; it must be understood."""
        answer = await self.simulator.interactions.command(channel or self.general, name, **values)
        assert answer.ephemeral
        return answer

    async def stored(self, channel: Channel | None = None) -> StoredChannel:
        place = channel or self.general
        address = Address(PlatformName.DISCORD, str(self.guild.id), str(place.id))
        found = await self.store.channels.find(address)
        assert found is not None
        return found

    async def next_digest(self, channel: Channel | None = None) -> None:
        due = (await self.stored(channel)).next_digest_at
        assert due is not None
        self.clock.set(max(due, self.clock.now()))
        await self.core.engine.deliver()


def make_bot(
    harness: Harness,
    platform: DiscordPlatform | None = None,
    *,
    commands: CommandRunner | None = None,
    offline_timeout: float = OFFLINE_TIMEOUT,
    only_platform: bool = True,
) -> DiscordBot:
    """The bot, put together and not connected yet."""
    directory = Directory(harness.store.channels, harness.clock)
    return DiscordBot(
        platform or harness.platform,
        commands or harness.core.commands,
        REGISTRY,
        directory=directory,
        lifecycle=lifecycle_of(harness.store, harness.clock, harness.core.engine.outbox.wake),
        clock=harness.clock,
        forms=forms_of(harness.store),
        talk=Talk(commands or harness.core.commands, REGISTRY),
        card_of=harness.card_of,
        reactions=harness.core.reactions,
        first_retry=0.01,
        offline_timeout=offline_timeout,
        announce=harness.announced.append,
        only_platform=only_platform,
    )


@contextlib.asynccontextmanager
async def running(harness: Harness, *, commands: CommandRunner | None = None) -> AsyncIterator[DiscordBot]:
    """The bot as it runs; on the way out it is stopped as by a signal."""
    bot = make_bot(harness, commands=commands)
    task = asyncio.create_task(bot.run())
    try:
        ready = asyncio.create_task(harness.simulator.gateway.ready.wait())
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE)
        ready.cancel()
        if task.done():
            await task
        # Not until discord.py calls itself ready: it gives further servers two seconds to be told of.
        await eventually(lambda: len(harness.platform.client.guilds) == len(harness.simulator.state.guilds))
        yield bot
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await harness.platform.close()
