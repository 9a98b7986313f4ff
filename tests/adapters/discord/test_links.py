"""Link cards: what is shown below messages that link to papers, and what is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.discord.links import MOST_ANSWERS
from adapters.discord.platform import DiscordPlatform
from bot.digests.unfurling import Unfurling
from bot.errors import OperatorError
from bot.intake.lookup import PaperLookups
from tests.adapters.discord.harness import Harness, make_bot, running
from tests.simulators.discord import eventually
from tests.simulators.discord_interactions import links_of
from tests.simulators.discord_state import BOT, user
from tests.sources import a_paper


@pytest.fixture
async def reading(harness: Harness) -> Harness:
    """A harness whose operator switched link cards on, and nothing connected yet."""
    await harness.core.news(*(a_paper(number) for number in range(1, 13)))
    harness.simulator.gateway.gives_content = True
    server = harness.simulator
    harness.platform = DiscordPlatform(server.token, harness.clock, api_url=server.api_url, reads_messages=True)
    harness.card_of = Unfurling(harness.store.papers, PaperLookups([], harness.store.papers)).card_of
    return harness


@pytest.fixture
async def running_harness(reading: Harness) -> AsyncIterator[Harness]:
    async with running(reading):
        yield reading


async def told(harness: Harness, content: str, *, cards: int, **more: Any) -> None:
    """Somebody writes something; so many messages with cards are in the channel then, and no more come."""
    await harness.simulator.write(harness.general, content, **more)
    await eventually(lambda: len(ours(harness)) >= cards)
    if cards == len(ours(harness)):
        await asyncio.sleep(0.05)
    assert len(ours(harness)) == cards


def ours(harness: Harness) -> list[dict[str, object]]:
    return [message for message in harness.general.messages if message["author"] == BOT]


async def test_a_link_is_answered_with_a_card_that_notifies_nobody(running_harness: Harness) -> None:
    await told(
        running_harness,
        "look: https://arxiv.org/abs/2605.00003v2, and https://huggingface.co/papers/2605.00004",
        cards=1,
    )
    [request] = running_harness.simulator.sent("POST", r"/channels/\d+/messages$")
    written = running_harness.general.messages[0]
    assert request.body["message_reference"]["message_id"] == written["id"]
    assert request.body["allowed_mentions"] == {"parse": [], "replied_user": False}
    assert request.body["nonce"] == written["id"]
    [answer] = running_harness.general.messages[1:]
    assert [title for title, _ in links_of(answer)] == ["Diffusion Study 3", "Diffusion Study 4"]


async def test_the_same_paper_is_not_shown_again_for_hours(running_harness: Harness) -> None:
    await told(running_harness, "https://arxiv.org/abs/2605.00003", cards=1)
    await told(running_harness, "again: https://arxiv.org/pdf/2605.00003", cards=1)
    running_harness.clock.advance(hours=7)
    await told(running_harness, "and again: https://arxiv.org/pdf/2605.00003", cards=2)
    running_harness.clock.advance(days=-366)  # it was a year ahead
    await told(running_harness, "and again: https://arxiv.org/pdf/2605.00003", cards=3)


async def test_a_talk_full_of_links_is_not_answered_with_every_sentence(running_harness: Harness) -> None:
    for number in range(1, MOST_ANSWERS + 3):
        await told(running_harness, f"https://arxiv.org/abs/2605.{number:05}", cards=min(number, MOST_ANSWERS))
    running_harness.clock.advance(minutes=6)
    await told(running_harness, "https://arxiv.org/abs/2605.00012", cards=MOST_ANSWERS + 1)


@pytest.mark.parametrize(
    ("content", "more"),
    [
        ("no preview please: <https://arxiv.org/abs/2605.00003>", {}),
        ("`https://arxiv.org/abs/2605.00003`", {}),
        ("||https://arxiv.org/abs/2605.00003||", {}),
        ("https://example.org/abs/2605.00003 and 2605.00003", {}),
        ("https://arxiv.org/abs/2511.99999", {}),
        ("https://arxiv.org/abs/2605.00003", {"author": user(7, "another bot", bot=True)}),
        ("https://arxiv.org/abs/2605.00003", {"webhook_id": "55"}),
        ("https://arxiv.org/abs/2605.00003", {"flags": 4}),
        ("https://arxiv.org/abs/2605.00003", {"type": 7}),
    ],
)
async def test_what_asks_for_no_card_gets_none(running_harness: Harness, content: str, more: dict[str, object]) -> None:
    await told(running_harness, content, cards=0, **more)


async def test_the_bot_is_silent_where_it_may_not_post(running_harness: Harness) -> None:
    await running_harness.simulator.allow(running_harness.general, send_messages=False)
    await told(running_harness, "https://arxiv.org/abs/2605.00003", cards=0)


async def test_without_the_setting_the_text_of_messages_is_not_heard(harness: Harness) -> None:
    async with running(harness):
        assert not harness.simulator.gateway.hears_content
        assert not harness.simulator.gateway.hears_content


async def test_an_intent_that_is_not_switched_on_is_said_in_words(reading: Harness) -> None:
    reading.simulator.gateway.gives_content = False
    with pytest.raises(OperatorError, match="Message Content intent"):
        async with running(reading):
            raise AssertionError("it runs")


async def test_the_doctor_says_it_before(reading: Harness) -> None:
    async with running(reading) as bot:
        assert "is on" in await bot.checks()["Discord's intents"]()
    reading.simulator.gateway.gives_content = False
    with pytest.raises(OperatorError, match="Message Content intent"):
        await make_bot(reading).checks()["Discord's intents"]()
    await reading.platform.close()
