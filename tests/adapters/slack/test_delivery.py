"""Digests on their way to Slack through the real outbox: complete, in order, never twice, whatever goes wrong."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.channels.channel import Address, ChannelState, PlatformName
from bot.posting.post import PostState
from bot.topics.store import TopicOptions
from tests.adapters.slack.bot_process import BotProcess
from tests.simulators.slack import Fault, SlackSimulator
from tests.simulators.slack_messages import leaves, words_of
from tests.simulators.slack_methods import BOT_USER, TEAM, Json, SimulatedChannel
from tests.sources import a_paper


def papers_in(channel: SimulatedChannel) -> list[str]:
    """The papers that a channel shows, in order, by the addresses that their titles lead to."""
    return [
        leaf["url"].rsplit("/", 1)[1]
        for message in channel.messages
        for block in message.get("blocks", [])
        if block["type"] == "rich_text"
        for leaf in leaves(block)
        if leaf["type"] == "link" and leaf.get("text", "").startswith("Diffusion Study")
    ]


async def subscribed(bot: BotProcess, *settings: str, member: bool = True) -> SimulatedChannel:
    channel = bot.slack.channel(member=member)
    async with bot.over_socket():
        await bot.say("subscribe diffusion", channel)
        for setting in settings:
            await bot.say(f"settings {setting}", channel)
    return channel


@pytest.mark.parametrize("style", ["cards", "compact", "threads"])
async def test_a_digest_in_every_style_is_complete(bot: BotProcess, style: str) -> None:
    channel = await subscribed(bot, f"style {style}", "mention <@U0ADA>")
    await bot.news(*(a_paper(number, upvotes=50 - number) for number in range(1, 24)))
    await bot.next_digest(channel)
    await bot.settle(minutes=25)
    expected = [f"2605.{number:05}" for number in range(1, 21)]
    heads = [message for message in channel.messages if "thread_ts" not in message]
    assert [paper for paper in papers_in(channel) if paper][: len(expected)] == expected
    assert "23 new papers" in words_of(heads[0])
    mentions = [leaf for message in channel.messages for leaf in _leaves_of(message) if leaf["type"] == "user"]
    assert mentions == [{"type": "user", "user_id": "U0ADA"}]
    if style == "threads":
        replies = channel.messages[len(heads) :]
        assert len(replies) == 20
        assert {reply["thread_ts"] for reply in replies} <= {head["ts"] for head in heads}


def _leaves_of(message: Json) -> list[Json]:
    return [dict(leaf) for block in message["blocks"] if block["type"] == "rich_text" for leaf in leaves(block)]


@pytest.mark.parametrize(
    "fault",
    [
        Fault.DROPPED,
        Fault.ANSWER_DROPPED,
        Fault.ERROR_500,
        Fault.ANSWER_500,
        pytest.param(Fault.HANG, marks=pytest.mark.impatient),
        Fault.RATE_LIMITED,
        Fault.GARBAGE,
        "fatal_error",
        "message_limit_exceeded",
        "a_code_of_tomorrow",
    ],
)
async def test_whatever_happens_every_paper_comes_once(bot: BotProcess, fault: Fault | str) -> None:
    channel = await subscribed(bot, "style cards")
    await bot.news(*(a_paper(number, upvotes=50 - number) for number in range(1, 13)))
    # The first and the third message fail; history fails once, too.
    bot.slack.fail("chat.postMessage", fault)
    bot.slack.fail("conversations.history", Fault.ERROR_500)
    await bot.next_digest(channel)
    bot.slack.fail("chat.postMessage", fault)
    await bot.settle()
    assert papers_in(channel) == [f"2605.{number:05}" for number in range(1, 13)]


@pytest.mark.parametrize("fault", [Fault.RATE_LIMITED, Fault.ERROR_500, Fault.DROPPED])
async def test_a_channel_that_cannot_be_joined_yet_is_joined_later(bot: BotProcess, fault: Fault) -> None:
    channel = await subscribed(bot, member=False)
    await bot.news(a_paper(1))
    bot.slack.fail("conversations.join", fault)
    await bot.next_digest(channel)
    assert (await bot.stored(channel)).state is ChannelState.ACTIVE
    await bot.settle()
    assert papers_in(channel) == ["2605.00001"]
    assert not bot.slack.conversation("U0ADA").messages


async def test_messages_keep_the_pace_that_a_channel_wants(bot: BotProcess) -> None:
    bot.slack.interval = 1.0
    channel = await subscribed(bot, "style cards")
    other = await subscribed(bot, "style cards")
    await bot.news(*(a_paper(number) for number in range(1, 13)))
    await bot.next_digest(channel)
    for _ in range(10):
        bot.clock.advance(seconds=1.01)
        await bot.engine.deliver()
    assert len(papers_in(channel)) == len(papers_in(other)) == 12
    assert "ratelimited" not in bot.slack.refusals


@pytest.mark.parametrize("how", ["archived", "private", "revoked"])
async def test_a_channel_that_is_closed_to_us_keeps_its_papers(bot: BotProcess, how: str) -> None:
    channel = await subscribed(bot)
    await bot.news(a_paper(1))
    _close(bot.slack, channel, how, closed=True)
    await bot.next_digest(channel)
    await bot.settle(minutes=3)
    assert not channel.posts
    stored = await bot.stored(channel)
    assert stored.state is ChannelState.BROKEN
    assert stored.reason
    assert len(bot.slack.conversation("U0ADA").messages) == (0 if how == "revoked" else 1)
    _close(bot.slack, channel, how, closed=False)
    async with bot.over_socket():
        await bot.say("resume", channel)
    await bot.settle(minutes=3)
    assert papers_in(channel) == ["2605.00001"]


def _close(slack: SlackSimulator, channel: SimulatedChannel, how: str, *, closed: bool) -> None:
    match how:
        case "archived":
            channel.archived = closed
        case "private":
            channel.private = True
            channel.members = set() if closed else {BOT_USER}
        case "revoked":
            slack.revoked = closed


async def test_a_public_channel_is_joined_for_its_first_digest(bot: BotProcess) -> None:
    channel = await subscribed(bot, member=False)
    await bot.news(a_paper(1))
    await bot.next_digest(channel)
    assert papers_in(channel) == ["2605.00001"]


async def test_a_picture_that_slack_cannot_load_costs_no_paper(bot: BotProcess) -> None:
    channel = await subscribed(bot)
    bot.slack.pictures_load = False
    await bot.news(a_paper(1, summary="In short.", thumbnail_url="https://cdn.example.org/1.png"))
    await bot.next_digest(channel)
    assert papers_in(channel) == ["2605.00001"]


async def test_many_lost_answers_are_settled_in_turn_where_a_history_may_be_read_once_a_minute(
    bot: BotProcess,
) -> None:
    """As for apps outside the Marketplace; the page on promises names the time. Meanwhile the next digest goes out."""
    bot.slack.history_limit = (60.0, 15)
    channels = [bot.slack.channel() for _ in range(25)]
    for channel in channels:
        address = Address(PlatformName.SLACK, TEAM, channel.id)
        now = bot.clock.now()
        stored = await bot.store.channels.add(
            address, channel.name, time_zone="UTC", schedule="hourly", next_digest_at=now
        )
        await bot.store.subscriptions.add(stored.id, TopicOptions(query="diffusion"), created_by="U0ADA", now=now)
    await bot.news(a_paper(1))
    bot.slack.fail("chat.postMessage", *[Fault.ANSWER_DROPPED] * len(channels))
    await bot.engine.deliver()
    assert (await bot.store.posts.counts())[PostState.UNKNOWN] == len(channels)
    await bot.news(a_paper(2))
    bot.clock.advance(hours=1)
    await bot.engine.deliver()
    assert all(papers_in(channel) == ["2605.00001", "2605.00002"] for channel in channels)
    began = bot.clock.now()
    while (await bot.store.posts.counts())[PostState.UNKNOWN]:
        await bot.engine.reconcile()
        await bot.engine.deliver()
        bot.clock.advance(seconds=15)
    assert bot.clock.now() - began < timedelta(minutes=30)
    assert all(papers_in(channel) == ["2605.00001", "2605.00002"] for channel in channels)
