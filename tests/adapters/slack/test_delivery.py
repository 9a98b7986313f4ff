"""Digests on their way to Slack through the real outbox: complete, in order, never twice, whatever goes wrong."""

from __future__ import annotations

import pytest

from bot.channels.channel import ChannelState
from tests.adapters.slack.team import Team
from tests.simulators.slack import Fault, SlackSimulator
from tests.simulators.slack_messages import leaves, words_of
from tests.simulators.slack_methods import BOT_USER, Json, SimulatedChannel
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


async def subscribed(team: Team, *settings: str, member: bool = True) -> SimulatedChannel:
    channel = team.slack.channel(member=member)
    async with team.over_socket():
        await team.say("subscribe diffusion", channel)
        for setting in settings:
            await team.say(f"settings {setting}", channel)
    return channel


@pytest.mark.parametrize("style", ["cards", "compact", "threads"])
async def test_a_digest_in_every_style_is_complete(team: Team, style: str) -> None:
    channel = await subscribed(team, f"style {style}", "mention <@U0ADA>")
    await team.news(*(a_paper(number, upvotes=50 - number) for number in range(1, 24)))
    await team.next_digest(channel)
    await team.settle(minutes=25)
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
async def test_whatever_happens_every_paper_comes_once(team: Team, fault: Fault | str) -> None:
    channel = await subscribed(team)
    await team.news(*(a_paper(number, upvotes=50 - number) for number in range(1, 13)))
    # The first and the third message fail; history fails once, too.
    team.slack.fail("chat.postMessage", fault)
    team.slack.fail("conversations.history", Fault.ERROR_500)
    await team.next_digest(channel)
    team.slack.fail("chat.postMessage", fault)
    await team.settle()
    assert papers_in(channel) == [f"2605.{number:05}" for number in range(1, 13)]


@pytest.mark.parametrize("fault", [Fault.RATE_LIMITED, Fault.ERROR_500, Fault.DROPPED])
async def test_a_channel_that_cannot_be_joined_yet_is_joined_later(team: Team, fault: Fault) -> None:
    channel = await subscribed(team, member=False)
    await team.news(a_paper(1))
    team.slack.fail("conversations.join", fault)
    await team.next_digest(channel)
    assert (await team.stored(channel)).state is ChannelState.ACTIVE
    await team.settle()
    assert papers_in(channel) == ["2605.00001"]
    assert not team.slack.conversation("U0ADA").messages


async def test_messages_keep_the_pace_that_a_channel_wants(team: Team) -> None:
    team.slack.interval = 1.0
    channel = await subscribed(team)
    other = await subscribed(team)
    await team.news(*(a_paper(number) for number in range(1, 13)))
    await team.next_digest(channel)
    for _ in range(10):
        team.clock.advance(seconds=1.01)
        await team.engine.deliver()
    assert len(papers_in(channel)) == len(papers_in(other)) == 12
    assert "ratelimited" not in team.slack.refusals


@pytest.mark.parametrize("how", ["archived", "private", "revoked"])
async def test_a_channel_that_is_closed_to_us_keeps_its_papers(team: Team, how: str) -> None:
    channel = await subscribed(team)
    await team.news(a_paper(1))
    _close(team.slack, channel, how, closed=True)
    await team.next_digest(channel)
    await team.settle(minutes=3)
    assert not channel.posts
    stored = await team.stored(channel)
    assert stored.state is ChannelState.BROKEN
    assert stored.reason
    assert len(team.slack.conversation("U0ADA").messages) == (0 if how == "revoked" else 1)
    _close(team.slack, channel, how, closed=False)
    async with team.over_socket():
        await team.say("resume", channel)
    await team.settle(minutes=3)
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


async def test_a_public_channel_is_joined_for_its_first_digest(team: Team) -> None:
    channel = await subscribed(team, member=False)
    await team.news(a_paper(1))
    await team.next_digest(channel)
    assert papers_in(channel) == ["2605.00001"]


async def test_a_picture_that_slack_cannot_load_costs_no_paper(team: Team) -> None:
    channel = await subscribed(team)
    team.slack.pictures_load = False
    await team.news(a_paper(1, summary="In short.", thumbnail_url="https://cdn.example.org/1.png"))
    await team.next_digest(channel)
    assert papers_in(channel) == ["2605.00001"]
