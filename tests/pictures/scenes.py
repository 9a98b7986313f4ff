"""What is drawn: messages that the real adapters send to the simulators on one day of the feed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from adapters.discord.platform import DiscordPlatform
from adapters.feeds.huggingface.daily_papers import DailyPaper
from adapters.feeds.sample import SAMPLE_DAYS, SampleFeed
from adapters.slack.client.connection import Connection
from adapters.slack.installation.workspaces import OneWorkspace
from adapters.slack.platform import SlackPlatform
from bot.papers.paper import Paper
from storage.store import SqlStore
from tests.adapters.discord.harness import Harness, running
from tests.adapters.slack.bot_process import BotProcess
from tests.clocks import SettableClock
from tests.core import Core
from tests.feed_server import RECORDED_DAYS
from tests.pictures.markdown import Reader
from tests.simulators.discord import DiscordSimulator
from tests.simulators.discord_interactions import ADA
from tests.simulators.slack import BOT_TOKEN, SlackSimulator

Json = Mapping[str, Any]

RECORDED = date(2026, 4, 15)
#: The topics of the channel that is shown.
TOPICS = (
    "subscribe agent* OR reasoning --name Agents",
    'subscribe (image OR video OR vision) -survey --name "Pictures and films"',
    'subscribe "language model" --name Language',
)


@dataclass(frozen=True, slots=True)
class Scene:
    """Messages that belong together. Only one person sees them with `asked`, what they gave as a command."""

    name: str
    messages: Sequence[Json]
    asked: str = ""


async def papers_of_a_day() -> tuple[date, Sequence[Paper]]:
    """A recorded day where the recordings are beside the project, else one of the sample's."""
    file = RECORDED_DAYS / f"{RECORDED}.json"
    if file.exists():
        return RECORDED, [DailyPaper.parse(one).to_paper(featured_on=RECORDED) for one in json.loads(file.read_bytes())]
    day = SAMPLE_DAYS[-1]
    feed = SampleFeed(SettableClock(datetime(day.year, day.month, day.day, 12, tzinfo=UTC)))
    return day, [one.paper for one in (await feed.read_day(day)).listings]


def questions(papers: Sequence[Paper]) -> dict[str, str]:
    """What somebody asks, by the name of the picture."""
    first = max(papers, key=lambda paper: paper.upvotes).id
    return {
        "search": "search agent reasoning",
        "show": f"show {first}",
        "topics": "topics",
        "why": f"why {first}",
        "settings": "settings",
        "help": "help",
        "mistake": 'search "mixture of experts',
    }


@asynccontextmanager
async def slack_scenes(folder: Path) -> AsyncIterator[tuple[Sequence[Scene], Mapping[str, str]]]:
    """What Slack shows, and the names of people and channels by their ids."""
    day, papers = await papers_of_a_day()
    clock = SettableClock(datetime(day.year, day.month, day.day, 5, tzinfo=UTC))
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackSimulator(now=lambda: clock.now().timestamp()))
        slack.person()
        connection = Connection(slack.api_url, clock=clock, monotonic=clock.monotonic)
        platform = SlackPlatform(OneWorkspace(connection, BOT_TOKEN))
        stack.push_async_callback(platform.close)
        store = await _opened(folder, stack)
        bot = BotProcess(store, folder / "index", slack, platform, clock)
        stack.push_async_callback(bot.core.index.close)
        await stack.enter_async_context(bot.connected("socket"))
        channel = slack.channel("papers")

        async def ask(line: str) -> Sequence[Json]:
            return [await bot.say(line, channel)]

        async def digest() -> Sequence[Json]:
            before = len(channel.messages)
            await bot.next_digest(channel)
            await _all_sent(bot.core)
            return channel.messages[before:]

        scenes = await _live(bot.core, day, papers, ask, digest)
        yield scenes, {channel.id: channel.name} | {person: str(one["name"]) for person, one in slack.people.items()}
        if slack.violations:
            raise ValueError(f"Slack would refuse this: {slack.violations}")


@asynccontextmanager
async def discord_scenes(folder: Path) -> AsyncIterator[tuple[Sequence[Scene], Reader]]:
    """What Discord shows, and to whom."""
    day, papers = await papers_of_a_day()
    clock = SettableClock(datetime(day.year, day.month, day.day, 5, tzinfo=UTC))
    async with AsyncExitStack() as stack:
        discord = await stack.enter_async_context(DiscordSimulator(clock))
        platform = DiscordPlatform(discord.token, clock, api_url=discord.api_url)
        stack.push_async_callback(platform.close)
        store = await _opened(folder, stack)
        guild = discord.state.add_guild()
        core = Core(store, folder / "index", clock=clock, platform=platform)  # type: ignore[arg-type]
        stack.push_async_callback(core.index.close)
        harness = Harness(
            simulator=discord, store=store, clock=clock, folder=folder, guild=guild,
            general=discord.state.add_channel(guild), core=core, platform=platform,
        )  # fmt: skip
        await stack.enter_async_context(running(harness))
        channel = harness.general

        async def ask(line: str) -> Sequence[Json]:
            name, values = _typed(line)
            return (await discord.interactions.command(channel, name, **values)).messages

        async def digest() -> Sequence[Json]:
            before = len(channel.messages)
            await harness.next_digest()
            await _all_sent(core)
            return channel.messages[before:]

        scenes = await _live(core, day, papers, ask, digest)
        yield scenes, Reader({str(channel.id): channel.name, str(ADA): "ada"}, clock.now())
        if discord.problems:
            raise ValueError(f"Discord would refuse this: {discord.problems}")


async def _opened(folder: Path, stack: AsyncExitStack) -> SqlStore:
    store = SqlStore(f"sqlite:///{folder / 'paperround.db'}")
    stack.push_async_callback(store.close)
    await store.open()
    return store


async def _all_sent(core: Core) -> None:
    """A digest of several messages sends one after the other."""
    for _ in range(10):
        core.clock.advance(seconds=2)
        await core.engine.deliver()


async def _live(
    core: Core,
    day: date,
    papers: Sequence[Paper],
    ask: Callable[[str], Awaitable[Sequence[Json]]],
    digest: Callable[[], Awaitable[Sequence[Json]]],
) -> list[Scene]:
    """Topics, a day's papers, the digest, then what somebody asks."""
    subscribed = [await ask(line) for line in TOPICS]
    await ask("schedule daily 09:00")
    await ask("timezone Europe/Berlin")
    core.source.list(*papers, day=day)
    await core.engine.poll()
    scenes = [Scene("digest", await digest()), Scene("subscribe", subscribed[-1], TOPICS[-1])]
    for name, line in questions(papers).items():
        scenes.append(Scene(name, await ask(line), line))
    return scenes


#: What Discord calls the parameter of a command that takes a line.
_PARAMETERS = {
    "search": "query",
    "subscribe": "query",
    "schedule": "when",
    "timezone": "zone",
    "show": "paper",
    "why": "paper",
}


def _typed(line: str) -> tuple[str, dict[str, Any]]:
    """A line as somebody gives it in Discord, with an option for each parameter."""
    name, _, rest = line.partition(" ")
    rest, _, called = rest.partition(" --name ")
    values = {_PARAMETERS[name]: rest} if rest else {}
    return name, values | ({"name": called.strip('"')} if called else {})
