"""Talking to the bot in a channel: a mention is answered in its thread, and what is personal to the asker alone."""

from __future__ import annotations

import asyncio

import pytest

from tests.adapters.slack.bot_process import BotProcess
from tests.simulators.slack import ANSWER_WITHIN
from tests.simulators.slack_messages import words_of
from tests.simulators.slack_methods import BOT_USER, Json, SimulatedChannel
from tests.sources import a_paper


async def mention(bot: BotProcess, channel: SimulatedChannel, text: str, **more: object) -> None:
    event = {
        "type": "app_mention", "channel": channel.id, "user": "U0ADA", "text": text, "ts": channel.messages[0]["ts"],
    }  # fmt: skip
    await bot.slack.event(event | more)
    await bot.app.finish()


async def answered(seen: list[Json], known: int) -> Json:
    async with asyncio.timeout(ANSWER_WITHIN):
        while len(seen) == known:
            await asyncio.sleep(0.01)
    return seen[-1]


@pytest.fixture
def channel(bot: BotProcess) -> SimulatedChannel:
    """A channel in which somebody has written something."""
    made = bot.slack.channel()
    made.messages.append({"ts": bot.slack.next_ts(), "user": "U0ADA", "text": "…"})
    return made


@pytest.mark.parametrize("transport", ["socket", "http"])
async def test_a_mention_is_answered_in_its_thread(bot: BotProcess, channel: SimulatedChannel, transport: str) -> None:
    await bot.news(a_paper(1))
    async with bot.connected(transport):
        for text, expected in (
            (f"<@{BOT_USER}> search diffusion", "Diffusion Study 1"),
            (f"hey <@{BOT_USER}|paperround> diffusion study", "took that for a search"),
            (f"<@{BOT_USER}> https://arxiv.org/abs/2605.00001", "Diffusion Study 1"),
            (f"thanks <@{BOT_USER}>!", "welcome"),
            (f"<@{BOT_USER}> subscribe diffusion", "Topic 1 added"),
            (f"<@{BOT_USER}>", "Paper Round"),
        ):
            known = len(channel.messages)
            await mention(bot, channel, text)
            answer = await answered(channel.messages, known)
            assert expected in words_of(answer), text
            assert answer["thread_ts"] == channel.messages[0]["ts"]


async def test_a_mention_in_a_thread_is_answered_there(bot: BotProcess, channel: SimulatedChannel) -> None:
    head = channel.messages[0]["ts"]
    async with bot.over_http():
        await mention(bot, channel, f"<@{BOT_USER}> topics", ts="1778587999.000009", thread_ts=head)
        assert (await answered(channel.messages, 1))["thread_ts"] == head


async def test_a_reading_list_is_shown_to_the_asker_alone(bot: BotProcess, channel: SimulatedChannel) -> None:
    await bot.news(a_paper(1))
    async with bot.over_http():
        await mention(bot, channel, f"<@{BOT_USER}> save 2605.00001")
        await answered(channel.ephemerals, 0)
        for known, line in enumerate(("saved", "/papers saved", "/papers  saved list"), 1):
            await mention(bot, channel, f"<@{BOT_USER}> {line}")
            answer = await answered(channel.ephemerals, known)
            assert "Diffusion Study 1" in words_of(answer)
            assert answer["user"] == "U0ADA"
    assert len(channel.messages) == 1


@pytest.mark.parametrize(
    "more",
    [{"bot_id": "B0OTHER"}, {"user": BOT_USER}, {"user": None}, {"edited": {"ts": "2.0"}}, {"channel_type": "im"}],
)
async def test_what_nobody_says_to_us_has_no_answer(bot: BotProcess, channel: SimulatedChannel, more: Json) -> None:
    async with bot.over_http():
        await mention(bot, channel, f"<@{BOT_USER}> topics", **more)
    assert len(channel.messages) == 1


async def test_people_from_elsewhere_ask_and_change_nothing(bot: BotProcess, channel: SimulatedChannel) -> None:
    bot.slack.person("U0EVE", "eve", team_id="T0THEIRS")
    async with bot.over_http():
        await mention(bot, channel, f"<@{BOT_USER}> subscribe diffusion", user="U0EVE")
        assert "Only people who may manage" in words_of(await answered(channel.messages, 1))
