"""Reactions in Slack count like buttons, over both transports, once each."""

from __future__ import annotations

import pytest

from bot.reading.votes import Tally
from tests.adapters.slack.bot_process import BotProcess
from tests.simulators.slack_messages import words_of
from tests.simulators.slack_methods import BOT_USER, Json, SimulatedChannel
from tests.sources import a_paper

PAPER = a_paper(1)


@pytest.fixture
def remembering(bot: BotProcess) -> BotProcess:
    """A bot that remembers in its store which events it has begun with."""
    bot.app = bot.another_app(idempotency=bot.store.idempotency, clock=bot.clock)
    return bot


async def posted(bot: BotProcess) -> tuple[SimulatedChannel, Json, Json]:
    """A channel, its digest of two papers, and the reply that shows one of them."""
    channel = bot.slack.channel()
    await bot.say("subscribe diffusion", channel)
    await bot.say("settings style threads", channel)
    await bot.news(PAPER, a_paper(2))
    await bot.next_digest(channel)
    await bot.settle(minutes=3)
    head, *replies = channel.messages
    return channel, head, next(one for one in replies if "Study 1" in words_of(one))


def reacted(
    channel: SimulatedChannel, message: Json, emoji: str = "+1", *, user: str = "U0ADA", added: bool = True
) -> Json:
    return {
        "type": "reaction_added" if added else "reaction_removed",
        "user": user,
        "reaction": emoji,
        "item_user": BOT_USER,
        "item": {"type": "message", "channel": channel.id, "ts": message["ts"]},
    }


async def happens(bot: BotProcess, *events: Json, deliveries: int = 1) -> None:
    """Things happen in Slack one after the other; everything that follows has happened."""
    for event in events:
        await bot.slack.event(event, deliveries=deliveries)
        await bot.app.finish()


async def tally(bot: BotProcess, channel: SimulatedChannel) -> Tally:
    stored = await bot.stored(channel)
    return (await bot.store.reading.tallies([stored.id], [PAPER.id])).get((stored.id, PAPER.id), Tally())


async def test_a_thumb_counts_and_is_shown_and_taken_back(connected: BotProcess) -> None:
    channel, head, reply = await posted(connected)
    connected.slack.person("U0BOB", "bob")
    metadata = reply["metadata"]
    await happens(connected, reacted(channel, reply, "+1::skin-tone-4"), reacted(channel, reply, "-1", user="U0BOB"))
    assert await tally(connected, channel) == Tally(1, 1)
    assert "👍 1" in words_of(reply)
    assert "👎 1" in words_of(reply)
    assert reply["metadata"] == metadata
    await happens(connected, reacted(channel, reply, "+1::skin-tone-4", added=False))
    assert await tally(connected, channel) == Tally(0, 1)
    assert "👍 1" not in words_of(reply)
    await happens(connected, reacted(channel, head), reacted(channel, reply, "tada"))
    assert await tally(connected, channel) == Tally(0, 1)
    assert not channel.ephemerals


async def test_an_event_that_comes_again_or_late_changes_nothing(remembering: BotProcess) -> None:
    async with remembering.over_http():
        channel, _, reply = await posted(remembering)
        await happens(remembering, reacted(channel, reply), deliveries=3)
        assert remembering.slack.count("chat.update") == 1
        # Slack keeps no order: the reaction that was taken back is told of last.
        late, ends = reacted(channel, reply), reacted(channel, reply, added=False)
        await happens(remembering, ends | {"event_ts": "1900000002.0"}, late | {"event_ts": "1900000001.0"})
        assert await tally(remembering, channel) == Tally()


async def test_only_people_count(bot: BotProcess) -> None:
    bot.slack.person("U0OTHER", "other", is_bot=True)
    async with bot.over_http():
        channel, _, reply = await posted(bot)
        await happens(bot, reacted(channel, reply, user=BOT_USER), reacted(channel, reply, user="U0OTHER"))
        assert await tally(bot, channel) == Tally()
        of_a_file = reacted(channel, reply) | {"item": {"type": "file", "file": "F1"}}
        await happens(bot, of_a_file, reacted(channel, {"ts": "1.1"}), reacted(bot.slack.channel("new"), reply))
        assert await tally(bot, channel) == Tally()
        assert bot.slack.count("chat.update") == 0


async def test_neither_a_message_that_cannot_be_changed_nor_an_unknown_person_costs_a_vote(bot: BotProcess) -> None:
    async with bot.over_http():
        channel, _, reply = await posted(bot)
        bot.slack.fail("chat.update", "message_not_found")
        bot.slack.fail("users.info", "missing_scope")
        await happens(bot, reacted(channel, reply, user="U0BOB"))
        assert await tally(bot, channel) == Tally(1, 0)
