"""Text commands: direct messages to the bot and mentions of it are answered where they were written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.channels.directory import Directory
from bot.errors import StorageError
from tests.adapters.discord.harness import Harness, running
from tests.simulators.discord import eventually
from tests.simulators.discord_interactions import OWNER, text_of
from tests.simulators.discord_state import BOT, BOT_ID, Channel
from tests.sources import a_paper

ME = f"<@{BOT_ID}>"


@pytest.fixture
async def running_harness(harness: Harness) -> AsyncIterator[Harness]:
    await harness.core.news(*(a_paper(number, abstract="We study diffusion. It works.") for number in range(1, 4)))
    async with running(harness):
        yield harness


async def answer_in(channel: Channel, *, answers: int = 1) -> dict[str, Any]:
    def own() -> list[dict[str, Any]]:
        return [message for message in channel.messages if message["author"]["id"] == str(BOT_ID)]

    await eventually(lambda: len(own()) >= answers)
    return own()[-1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://arxiv.org/abs/2605.00002", "Diffusion Study 2"),
        ("diffusion study", "I took that for a search"),
        ("search diffusion", "for `diffusion`"),
        ("/papers today", "papers listed"),
        ("thanks!", "You are welcome"),
        ("help", "</papers search:"),
        ("subscribe diffusion", "I work in the channels of servers"),
        ("save 2605.00001", "Saved"),
    ],
)
async def test_a_direct_message_is_answered(running_harness: Harness, text: str, expected: str) -> None:
    await eventually(lambda: len(running_harness.simulator.commands) == 3)
    channel = await running_harness.simulator.write_directly(text)
    answer = await answer_in(channel)
    assert expected in text_of(answer)
    assert answer["message_reference"]["message_id"] == channel.messages[0]["id"]


@pytest.mark.parametrize("text", ["search diffusion", "subscribe diffusion"])
async def test_where_the_database_does_not_answer_a_direct_message_hears_so(
    running_harness: Harness, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(Directory, "find", broken)
    monkeypatch.setattr(Directory, "add_channel", broken)
    channel = await running_harness.simulator.write_directly(text)
    assert "I cannot reach my database just now" in text_of(await answer_in(channel))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{ME} https://huggingface.co/papers/2605.00002", "Diffusion Study 2"),
        (f"{ME} what about diffusion?", "I took that for a search"),
        (f"{ME} search diffusion", "for `diffusion`"),
        (f"{ME} subscribe diffusion", "Only people who may manage this channel"),
        (f"{ME} saved", "only for you"),
        (f"{ME} /papers saved", "only for you"),
        (f"thanks {ME}", "You are welcome"),
        (f"{ME} share 2605.00002", "Shared"),
    ],
)
async def test_a_mention_is_answered_where_it_was_written(running_harness: Harness, text: str, expected: str) -> None:
    """Without the Message Content intent: of what mentions the bot, Discord tells the text."""
    asked = await running_harness.simulator.write(running_harness.general, text)
    answer = await answer_in(running_harness.general)
    assert expected in text_of(answer)
    assert answer["message_reference"]["message_id"] == asked["id"]
    sent = running_harness.simulator.sent("POST", "/messages$")[0].body
    assert sent["allowed_mentions"] == {"parse": [], "replied_user": False}


async def test_in_a_thread_the_answer_stands_in_the_thread(running_harness: Harness) -> None:
    thread = running_harness.simulator.state.open_thread(running_harness.general, "reading group")
    await running_harness.simulator.gateway.dispatch("THREAD_CREATE", thread.json())
    await running_harness.simulator.write(thread, f"{ME} diffusion")
    await answer_in(thread)
    assert running_harness.general.messages == []


async def test_who_has_the_role_changes_topics_by_a_mention(running_harness: Harness) -> None:
    role = running_harness.simulator.state.add_role(running_harness.guild, "curators")
    await running_harness.simulator.gateway.dispatch(
        "GUILD_UPDATE", running_harness.simulator.state.guild_json(running_harness.guild)
    )
    await running_harness.say("settings", permissions=OWNER, key="role", value=f"<@&{role}>")
    await running_harness.simulator.write(running_harness.general, f"{ME} subscribe diffusion", roles=[role])
    assert "diffusion" in text_of(await answer_in(running_harness.general))
    assert "diffusion" in (await running_harness.say("topics")).text


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("diffusion models", {}),
        ("@everyone diffusion", {"mention_everyone": True}),
        ("nice paper", {"type": 19, "mentions": [BOT]}),  # a reply to the bot mentions it without a word
        (f"{ME} diffusion", {"author": {**BOT, "id": "77"}}),
        (f"{ME} diffusion", {"webhook_id": "77"}),
        (f"{ME} joined", {"type": 7}),
    ],
)
async def test_what_is_not_said_to_the_bot_gets_no_answer(
    running_harness: Harness, text: str, more: dict[str, Any]
) -> None:
    await running_harness.simulator.write(running_harness.general, text, **more)
    await running_harness.simulator.write(running_harness.general, f"{ME} thanks")
    answer = await answer_in(running_harness.general)
    assert "You are welcome" in text_of(answer)
    assert len(running_harness.simulator.sent("POST", "/messages$")) == 1
