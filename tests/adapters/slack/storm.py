"""A storm: every channel gets a digest at once while Slack is in trouble, and people give commands all the while."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass
from typing import Final

from bot.channels.channel import Address, PlatformName
from bot.topics.store import TopicOptions
from tests.adapters.slack.bot_process import BotProcess
from tests.simulators.slack import Fault, Interaction
from tests.simulators.slack_methods import TEAM, SimulatedChannel
from tests.sources import a_paper

#: What befalls a post: nothing in two of three cases.
POSTING: Final = (
    *[None] * 13, Fault.ANSWER_DROPPED, Fault.ANSWER_DROPPED, Fault.DROPPED, Fault.ERROR_500, Fault.ANSWER_500,
    Fault.RATE_LIMITED, Fault.GARBAGE,
)  # fmt: skip
LOOKING: Final = (None, None, None, Fault.ERROR_500, Fault.RATE_LIMITED, Fault.DROPPED)
#: This many posts in all are taken and never answered; each holds a connection until the client gives up.
HANGING: Final = 3
#: Rounds of a minute after which everything must have arrived, and many more than it takes.
_ROUNDS: Final = 400
#: People who wait for an answer at once: on a busy machine more of them would only wait longer and longer.
MOST_WAITING: Final = 10
_LINES: Final = ("topics", "search diffusion", "settings limit 10", "status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a storm led to. `acknowledged` are seconds for each command, `seconds` the time that the storm took."""

    acknowledged: list[float]
    seconds: float
    faults: Counter[str]


async def storm(bot: BotProcess, number: int, *, pause: float, seed: int = 7) -> Outcome:
    """Lets it come over so many channels; raises `AssertionError` when a message is lost, or there twice.

    A command is given every `pause` seconds, as long as few wait for an answer. Slack's simulator fails by itself for
    one that is not acknowledged.
    """
    channels = [await _subscribed(bot, place) for place in range(number)]
    await bot.news(*(a_paper(place) for place in range(1, 4)))
    chance = random.Random(seed)
    posting = [chance.choice(POSTING) for _ in range(2 * number)]
    for _ in range(HANGING):
        posting[chance.randrange(number)] = Fault.HANG
    bot.slack.fail("chat.postMessage", *posting)
    bot.slack.fail("conversations.history", *(chance.choice(LOOKING) for _ in range(number // 2)))
    started = time.monotonic()
    going_out = asyncio.create_task(_deliver(bot, channels))
    acknowledged: list[float] = []
    given: list[Interaction] = []
    while not going_out.done():
        if sum(one.responses.empty() for one in given) < MOST_WAITING:
            asked = time.monotonic()
            given.append(await bot.slack.command(chance.choice(_LINES), chance.choice(channels)))
            acknowledged.append(time.monotonic() - asked)
        await asyncio.sleep(pause)
    await going_out
    seconds = time.monotonic() - started
    for interaction in given:
        await interaction.answer()
    for channel in channels:
        assert len(channel.messages) == 1, (channel.name, len(channel.messages))
    keys = [channel.messages[0]["metadata"]["event_payload"]["key"] for channel in channels]
    assert len(set(keys)) == number
    befallen = Counter(fault.name for fault in posting[: bot.slack.count("chat.postMessage")] if fault is not None)
    return Outcome(acknowledged=acknowledged, seconds=seconds, faults=befallen)


async def _subscribed(bot: BotProcess, number: int) -> SimulatedChannel:
    channel = bot.slack.channel(f"channel-{number}")
    now = bot.clock.now()
    stored = await bot.store.channels.add(
        Address(PlatformName.SLACK, TEAM, channel.id),
        channel.name,
        time_zone="UTC",
        schedule="daily 13:00",
        next_digest_at=now,
    )
    options = TopicOptions(query="diffusion")
    await bot.store.subscriptions.add(stored.id, options, created_by="U0ADA", now=now)
    return channel


async def _deliver(bot: BotProcess, channels: list[SimulatedChannel]) -> None:
    """Lets minutes pass until nothing is left to do."""
    for _ in range(_ROUNDS):
        await bot.engine.deliver()
        await bot.engine.reconcile()
        if all(channel.messages for channel in channels) and not await _open(bot):
            return
        bot.clock.advance(seconds=61)
    raise AssertionError("not everything was posted")


async def _open(bot: BotProcess) -> int:
    """How many posts are neither sent nor given up."""
    counts = await bot.store.posts.counts()
    return sum(number for state, number in counts.items() if state.value not in ("sent", "failed"))
