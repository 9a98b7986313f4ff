"""Votes: a press changes the message for everybody, and says nothing else."""

from __future__ import annotations

import asyncio
import re

import pytest

from adapters.slack.posting.metadata import EVENT_TYPE
from tests.adapters.slack.bot_process import BotProcess
from tests.simulators.slack import ANSWER_WITHIN, Fault, Interaction
from tests.simulators.slack_messages import buttons_of, words_of
from tests.simulators.slack_methods import Json, SimulatedChannel
from tests.sources import a_paper

PAPER = "2605.00001"


async def posted(bot: BotProcess, *settings: str) -> tuple[SimulatedChannel, list[Json]]:
    """A channel whose digest went out."""
    channel = bot.slack.channel()
    await bot.say("subscribe diffusion", channel)
    for line in settings:
        await bot.say(f"settings {line}", channel)
    await bot.news(a_paper(1, upvotes=9), a_paper(2))
    await bot.next_digest(channel)
    await bot.settle(minutes=3)
    return channel, channel.messages


async def vote(
    bot: BotProcess, channel: SimulatedChannel, message: Json, *, way: str = "up", user: str = "U0ADA"
) -> Interaction:
    """Somebody votes on the first paper; everything that follows has handle."""
    before = dict(message)
    pressed = await press(bot, channel, message, way=way, user=user)
    async with asyncio.timeout(ANSWER_WITHIN):
        while message == before and pressed.responses.empty():
            await asyncio.sleep(0.02)
    await bot.app.finish()
    return pressed


async def press(
    bot: BotProcess, channel: SimulatedChannel, message: Json, *, way: str = "up", user: str = "U0ADA"
) -> Interaction:
    # The thumbs of a message of today, and those of earlier versions, which were two buttons.
    kind = "feedback_buttons" if way == "up" else "button"
    button = {"type": kind, "action_id": "paperround.run.77", "value": f"vote {PAPER} {way}"}
    return await bot.slack.press(
        button, channel, user, message_ts=message["ts"], thread_ts=message.get("thread_ts"), ephemeral=False
    )


def labels(message: Json) -> list[str]:
    """The thumbs of the first card with their counts, as people see them beside and screen readers say them."""
    said = [buttons_of(message)[sign]["accessibility_label"] for sign in "👍👎"]
    counts = [int(number) for one in said for number in re.findall(r", (\d+) votes? so far", one) or ["0"]]
    shown = [f"{sign} {count}" if count else sign for sign, count in zip("👍👎", counts, strict=True)]
    assert all(one in words_of(message) for one in shown)
    return shown


async def test_everybody_sees_a_vote_and_nobody_is_told(connected: BotProcess) -> None:
    channel, (digest,) = await posted(connected)
    before = dict(digest)
    connected.slack.person("U0BOB", "bob")
    first = await vote(connected, channel, digest)
    second = await vote(connected, channel, digest, way="down", user="U0BOB")
    assert labels(digest)[:2] == ["👍 1", "👎 1"]
    assert digest["ts"] == before["ts"]
    assert digest["metadata"] == before["metadata"]
    assert digest["metadata"]["event_type"] == EVENT_TYPE
    await vote(connected, channel, digest, way="down", user="U0BOB")
    assert labels(digest)[:2] == ["👍 1", "👎"]
    assert first.responses.empty()
    assert second.responses.empty()
    assert channel.messages == [digest]


async def test_votes_count_on_replies_and_shared_cards(connected: BotProcess) -> None:
    channel, messages = await posted(connected, "style threads")
    reply = next(one for one in messages if "thread_ts" in one and "Study 1" in words_of(one))
    await vote(connected, channel, reply)
    assert labels(reply) == ["👍 1", "👎"]
    assert reply["thread_ts"] == messages[0]["ts"]
    found = await connected.say(f"show {PAPER}", channel)
    await (await connected.slack.press(buttons_of(found)["Share"], channel)).answer()
    await connected.engine.deliver()
    shared = channel.posts[-1]
    assert labels(shared) == ["👍 1", "👎"]
    await vote(connected, channel, shared)
    assert labels(shared) == ["👍", "👎"]
    assert "ada shared a paper" in words_of(shared)


async def test_many_who_press_at_once_are_all_counted(bot: BotProcess) -> None:
    async with bot.over_http():
        channel, (digest,) = await posted(bot)
        people = [bot.slack.person(f"U0P{number}", f"p{number}") for number in range(6)]
        # One of the updates takes another way, and the way back has its own delays.
        bot.slack.fail("chat.update", Fault.RATE_LIMITED, Fault.ERROR_500)
        bot.slack.fail("response_url", Fault.ERROR_500)
        await asyncio.gather(*(press(bot, channel, digest, user=person) for person in people))
        async with asyncio.timeout(ANSWER_WITHIN):
            while labels(digest)[0] != "👍 6":
                await asyncio.sleep(0.05)


async def test_two_processes_show_the_right_counts_in_the_end(bot: BotProcess) -> None:
    bot.slack.person("U0BOB", "bob")
    late = asyncio.Event()
    async with bot.over_http():
        channel, (digest,) = await posted(bot)
        first = bot.app
        bot.slack.held["chat.update"] = late
        await press(bot, channel, digest)
        async with asyncio.timeout(ANSWER_WITHIN):
            while bot.slack.held:
                await asyncio.sleep(0.01)
        bot.app = bot.another_app()
        async with bot.over_http():
            await vote(bot, channel, digest, user="U0BOB")
            assert labels(digest)[0] == "👍 2"
        # What the first process draws now is of before.
        late.set()
        await first.finish()
    assert labels(digest)[0] == "👍 2"


async def test_messages_from_an_earlier_version_and_process_take_votes(bot: BotProcess) -> None:
    async with bot.over_http():
        channel, (digest,) = await posted(bot)
    digest["blocks"] = [block for block in digest["blocks"] if block["type"] != "actions"]
    bot.app = bot.another_app()
    async with bot.over_http():
        await vote(bot, channel, digest)
    assert labels(digest)[:2] == ["👍 1", "👎"]


@pytest.mark.parametrize(
    "trouble", ["unknown_method", "missing_scope", Fault.RATE_LIMITED, Fault.ERROR_500, Fault.DROPPED]
)
async def test_what_slack_does_not_update_is_replaced(bot: BotProcess, trouble: Fault | str) -> None:
    async with bot.over_http():
        channel, (digest,) = await posted(bot)
        bot.slack.fail("chat.update", trouble)
        pressed = await vote(bot, channel, digest)
        assert (await pressed.answer())["replace_original"] is True
        assert labels(digest)[:2] == ["👍 1", "👎"]
        assert pressed.responses.empty()


async def test_a_message_that_cannot_be_changed_is_left_and_the_voter_told(bot: BotProcess) -> None:
    async with bot.over_http():
        channel, (digest,) = await posted(bot)
        bot.slack.fail("chat.update", "message_not_found")
        bot.slack.fail("response_url", *[Fault.ERROR_500] * 3)
        answer = await (await vote(bot, channel, digest)).answer()
        assert answer["response_type"] == "ephemeral"
        assert "👍 1" in words_of(answer)
        assert labels(digest)[:2] == ["👍", "👎"]


async def test_a_message_is_never_changed_for_the_worse(bot: BotProcess) -> None:
    async with bot.over_http():
        channel, (digest,) = await posted(bot)
        before = dict(digest)
        bot.slack.fail("chat.update", *["invalid_blocks"] * 2)
        bot.slack.fail("response_url", *[Fault.REFUSED] * 2)
        answer = await (await vote(bot, channel, digest)).answer()
        assert "👍 1" in words_of(answer)
    assert digest == before


async def test_a_vote_on_what_only_the_asker_sees_is_answered(connected: BotProcess) -> None:
    channel, _ = await posted(connected)
    button = {"type": "button", "action_id": "paperround.run.3", "value": f"vote {PAPER} down"}
    answer = await (await connected.slack.press(button, channel)).answer()
    assert "In this channel: 👍 0 · 👎 1" in words_of(answer)
    assert answer["replace_original"] is False


async def test_the_signs_on_buttons_are_drawn(connected: BotProcess) -> None:
    _, (digest,) = await posted(connected)
    assert buttons_of(digest)["👍"]["text"] == {"type": "plain_text", "text": "👍", "emoji": True}


async def test_where_slack_knows_no_thumbs_votes_are_buttons_on_every_way(bot: BotProcess) -> None:
    bot.slack.new_blocks = False
    async with bot.over_http():
        channel, (digest,) = await posted(bot)
        assert buttons_of(digest)["👍"]["type"] == "button"
        await vote(bot, channel, digest)
        assert labels(digest)[:2] == ["👍 1", "👎"]
        # After the first refusal nothing else was refused.
        refused = bot.slack.count("chat.postMessage") + bot.slack.count("chat.update") - 2
        assert refused == 1


async def test_an_answer_in_a_workspace_without_thumbs_teaches_that(bot: BotProcess) -> None:
    bot.slack.new_blocks = False
    async with bot.over_http():
        channel = bot.slack.channel()
        await bot.say("subscribe diffusion", channel)
        await bot.news(a_paper(1))
        assert buttons_of(await bot.say("preview", channel))["👍"]["type"] == "button"
        await bot.next_digest(channel)
        assert bot.slack.count("chat.postMessage") == 1
