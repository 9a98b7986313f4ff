"""A Discord on loopback, and the platform that talks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.discord.interactions import modals
from adapters.discord.platform import DiscordPlatform
from bot import background
from bot.channels.channel import Address, PlatformName
from bot.messages.message import Heading, Message, PaperBlock
from bot.platforms.outcomes import Outgoing
from storage.store import SqlStore
from tests.adapters.discord.harness import Harness
from tests.clocks import SettableClock
from tests.core import Core
from tests.patience import PATIENCE
from tests.simulators.discord import DiscordSimulator
from tests.simulators.discord_state import Channel


@pytest.fixture(autouse=True)
def in_time(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is begun is done in time, and what a form begins with is found, unless a test has it take longer."""
    monkeypatch.setattr(background, "FINISH_WITHIN", PATIENCE)
    if not request.node.get_closest_marker("belated"):
        monkeypatch.setattr(modals, "MODAL_DEADLINE", PATIENCE)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
async def discord_server(clock: SettableClock) -> AsyncIterator[DiscordSimulator]:
    """The simulator; afterwards everything that was sent to it must have been what Discord describes."""
    async with DiscordSimulator(clock) as simulator:
        yield simulator
    assert simulator.problems == []


@pytest.fixture
async def platform(discord_server: DiscordSimulator, clock: SettableClock) -> AsyncIterator[DiscordPlatform]:
    platform = DiscordPlatform(discord_server.token, clock, api_url=discord_server.api_url)
    yield platform
    await platform.close()


PAPER = PaperBlock(
    paper_id="2604.13035",
    title="Sparse Attention, Again",
    url="https://huggingface.co/papers/2604.13035",
    summary="Attention can be sparser.",
    thumbnail_url="https://cdn.example.org/2604.13035.png",
)
DIGEST = Message(
    summary="Sparse Attention, Again and 1 other paper",
    blocks=(Heading("2 new papers · Tuesday, 12 May 2026"), replace(PAPER, compact=True)),
)
REPLY = Message(summary="Sparse Attention, Again", blocks=(PAPER,), thread="2 new papers · Tuesday, 12 May 2026")


def outgoing(
    channel: Channel, message: Message = DIGEST, *, key: str = "0123456789abcdef01234567", reply_to: str | None = None
) -> Outgoing:
    address = Address(PlatformName.DISCORD, str(channel.guild), str(channel.id))
    return Outgoing(address=address, message=message, key=key, reply_to=reply_to)


@pytest.fixture
async def harness(
    discord_server: DiscordSimulator,
    platform: DiscordPlatform,
    clock: SettableClock,
    sqlite_url: str,
    tmp_path: Path,
) -> AsyncIterator[Harness]:
    """Everything in place, and nothing connected yet."""
    store = SqlStore(sqlite_url)
    guild = discord_server.state.add_guild()
    core = Core(store, tmp_path, clock=clock, platform=platform)  # type: ignore[arg-type]
    await core.index.refresh()
    yield Harness(
        simulator=discord_server,
        store=store,
        clock=clock,
        folder=tmp_path,
        guild=guild,
        general=discord_server.state.add_channel(guild),
        core=core,
        platform=platform,
    )
    await core.index.close()
    await store.close()
