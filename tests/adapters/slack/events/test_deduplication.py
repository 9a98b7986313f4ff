"""What comes twice is done once, also where two processes hear it; a paper has one card in a channel for a while."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from adapters.slack.app import SlackApp
from adapters.slack.events.deduplication import Deduplication
from adapters.slack.events.links import SHOWN_FOR
from bot.digests.cards import paper_card
from bot.errors import StorageError
from bot.messages.message import PaperBlock
from bot.papers.ids import linked_paper_ids
from tests.adapters.slack.bot_process import BotProcess
from tests.adapters.slack.events.test_events import shared
from tests.simulators.slack import Fault
from tests.simulators.slack_methods import BOT_USER, Json
from tests.sources import a_paper


@pytest.fixture
def showing(bot: BotProcess) -> BotProcess:
    """A bot that shows cards, and remembers in its store what it did."""
    bot.app = another_process(bot)
    return bot


def another_process(bot: BotProcess) -> SlackApp:
    async def card_of(url: str) -> PaperBlock | None:
        papers = await bot.store.papers.papers(linked_paper_ids(url))
        return next((paper_card(paper) for paper in papers.values()), None)

    return bot.another_app(card_of=card_of, idempotency=bot.store.idempotency, clock=bot.clock)


@asynccontextmanager
async def two_processes(bot: BotProcess) -> AsyncIterator[tuple[str, str]]:
    """The addresses of two processes of the bot that share the store."""
    async with bot.over_http():
        first, first_app = bot.slack.http_url, bot.app
        bot.app = another_process(bot)
        async with bot.over_http():
            assert first is not None
            assert bot.slack.http_url is not None
            yield first, bot.slack.http_url
        bot.app = first_app


def body_of(event: Json, event_id: str) -> bytes:
    return json.dumps({
        "type": "event_callback", "team_id": "T0TEAM", "api_app_id": "A0APP", "event": event, "event_id": event_id,
    }).encode()  # fmt: skip


async def test_an_event_that_two_processes_hear_is_done_once(showing: BotProcess) -> None:
    own = showing.slack.conversation("U0ADA")
    event = {"type": "message", "channel_type": "im", "channel": own.id, "user": "U0ADA", "text": "subscribe diffusion"}
    async with two_processes(showing) as addresses:
        for _ in range(2):
            for address in addresses:
                showing.slack.http_url = address
                status, _ = await showing.slack.post_signed(body_of(event, "Ev0001"), "application/json")
                assert status == 200
        await asyncio.sleep(0.3)
    assert len(own.messages) == 1
    topics = await showing.store.subscriptions.of_channel((await showing.stored(own)).id)
    assert len(topics) == 1


async def test_two_events_that_say_the_same_are_two(showing: BotProcess) -> None:
    own = showing.slack.conversation("U0ADA")
    event = {"type": "message", "channel_type": "im", "channel": own.id, "user": "U0ADA", "text": "topics"}
    async with two_processes(showing) as addresses:
        for address, event_id in zip(addresses, ("Ev0001", "Ev0002"), strict=True):
            showing.slack.http_url = address
            await showing.slack.post_signed(body_of(event, event_id), "application/json")
        await asyncio.sleep(0.3)
    assert len(own.messages) == 2


async def test_a_store_in_trouble_loses_no_event() -> None:
    class InTrouble:
        async def claim(self, *_key: object, **_times: object) -> bool:
            raise StorageError("away")

        async def release(self, key: str) -> None:
            raise StorageError("away")

    deduplication = Deduplication(InTrouble())
    assert await deduplication.is_first({"event_id": "Ev1", "event": {}})
    await deduplication.release("Ev1")


# ---- cards


async def show(bot: BotProcess, *events: Json) -> int:
    """How many cards appear for what people post."""
    known = sum(len(unfurl["unfurls"]) for unfurl in bot.slack.unfurls)
    async with bot.over_http():
        for event in events:
            await bot.slack.event(event)
            await bot.app.finish()
    return sum(len(unfurl["unfurls"]) for unfurl in bot.slack.unfurls) - known


async def test_a_paper_has_one_card_in_a_channel_within_half_an_hour(showing: BotProcess) -> None:
    await showing.news(a_paper(1))
    channel, other = showing.slack.channel(), showing.slack.channel("other")
    page, pdf = "https://arxiv.org/abs/2605.00001", "https://arxiv.org/pdf/2605.00001v2"
    assert await show(showing, shared(channel, page), shared(channel, page), shared(channel, pdf)) == 1
    assert await show(showing, shared(other, page)) == 1
    showing.clock.advance(minutes=29)
    assert await show(showing, shared(channel, page)) == 0
    showing.clock.set(showing.clock.now() + SHOWN_FOR)
    assert await show(showing, shared(channel, page)) == 1


@pytest.mark.parametrize(("number", "cards"), [(1, 1), (2, 2), (3, 0), (5, 0)])
async def test_from_three_links_on_there_are_no_cards(showing: BotProcess, number: int, cards: int) -> None:
    await showing.news(*(a_paper(one) for one in range(1, 6)))
    urls = [f"https://arxiv.org/abs/2605.0000{one}" for one in range(1, number + 1)]
    assert await show(showing, shared(showing.slack.channel(), *urls)) == cards


async def test_a_card_that_slack_did_not_show_may_come_with_the_next_link(showing: BotProcess) -> None:
    await showing.news(a_paper(1))
    channel, url = showing.slack.channel(), "https://arxiv.org/abs/2605.00001"
    showing.slack.fail("chat.unfurl", Fault.ERROR_500)
    assert await show(showing, shared(channel, url), shared(channel, url)) == 1


async def test_a_preview_while_somebody_writes_takes_no_card_away(showing: BotProcess) -> None:
    await showing.news(a_paper(1))
    channel, url = showing.slack.channel(), "https://arxiv.org/abs/2605.00001"
    composing = shared(channel, url, unfurl_id="C1.U1", source="composer")
    assert await show(showing, composing, composing, shared(channel, url)) == 3


async def test_an_answer_with_a_card_needs_no_other_card(showing: BotProcess) -> None:
    await showing.news(a_paper(1))
    channel, url = showing.slack.channel(), "https://arxiv.org/abs/2605.00001"
    channel.messages.append({"ts": showing.slack.next_ts(), "user": "U0ADA", "text": "…"})
    mention = {
        "type": "app_mention", "channel": channel.id, "user": "U0ADA", "text": f"<@{BOT_USER}> {url}",
        "ts": channel.messages[0]["ts"],
    }  # fmt: skip
    assert await show(showing, mention, shared(channel, url)) == 0
    assert len(channel.messages) == 2
    own = showing.slack.conversation("U0ADA")
    assert await show(showing, shared(own, url)) == 0
