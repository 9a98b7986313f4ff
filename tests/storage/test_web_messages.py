"""The messages of the web workspace: each once, in an order that readers can follow."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.messages.message import (
    Button,
    Buttons,
    ButtonStyle,
    Code,
    Divider,
    Heading,
    Items,
    Link,
    Message,
    Note,
    PaperBlock,
    Paragraph,
    Span,
    text,
)
from bot.platforms.message_log import Arrival, LoggedMessage
from storage.store import SqlStore
from tests.clocks import NOON
from tests.patience import PATIENCE

FULL = Message(
    summary="Two papers",
    mention="everyone",
    blocks=(
        Heading("Papers"),
        Paragraph(text("See ", Span("this", bold=True, italic=True, code=True, url="https://example.org/"))),
        Note(text("small")),
        Code("a\n  ^"),
        Items((text("one"), text("two"))),
        Divider(),
        Buttons((Button("More", "more 1", ButtonStyle.PRIMARY),)),
        PaperBlock(
            paper_id="2605.00001",
            title="Schrödinger’s 猫",
            url="https://example.org/",
            facts=("▲ 3",),
            links=(Link("PDF", "https://example.org/pdf"),),
            topics=("cats",),
            buttons=(Button("Save", "save 2605.00001"),),
        ),
    ),
)


async def say(store: SqlStore, what: str, *, channel: str = "general", reply_to: int | None = None) -> LoggedMessage:
    return await store.messages.add(channel, Message(summary=what), key=what, reply_to=reply_to, posted_at=NOON)


async def test_a_message_comes_back_as_it_was_posted(store: SqlStore) -> None:
    added = await store.messages.add("general", FULL, key="k1", reply_to=None, posted_at=NOON)
    assert added == LoggedMessage(id=added.id, channel="general", message=FULL, reply_to=None, posted_at=NOON)
    assert await store.messages.find("k1") == added
    assert await store.messages.find("k2") is None


async def test_a_key_is_posted_once(store: SqlStore) -> None:
    first = await say(store, "hello")
    again = await store.messages.add(
        "random", Message(summary="other"), key="hello", reply_to=None, posted_at=NOON + timedelta(hours=1)
    )
    assert again == first
    assert await store.messages.page("general", before=None, limit=10) == [first]
    assert await store.messages.last_id() == first.id


async def test_a_page_has_the_latest_heads_with_all_their_replies(store: SqlStore) -> None:
    heads = [await say(store, f"head {number}") for number in range(4)]
    await say(store, "elsewhere", channel="random")
    old_reply = await say(store, "reply to 0", reply_to=heads[0].id)
    reply = await say(store, "reply to 2", reply_to=heads[2].id)
    assert await store.messages.page("general", before=None, limit=2) == [heads[2], heads[3], reply]
    assert await store.messages.page("general", before=heads[2].id, limit=10) == [heads[0], heads[1], old_reply]
    assert await store.messages.page("empty", before=None, limit=10) == []


async def test_a_reader_follows_all_channels(store: SqlStore) -> None:
    assert await store.messages.last_id() == 0
    first = await say(store, "one")
    second = await say(store, "two", channel="random")
    assert first.id < second.id == await store.messages.last_id()
    assert await store.messages.after(0, limit=1) == [Arrival(first.id, "general")]
    assert await store.messages.after(first.id, limit=10) == [Arrival(second.id, "random")]
    assert await store.messages.get([second.id, first.id, second.id + 1]) == [first, second]
    assert await store.messages.after(second.id, limit=10) == []


async def test_no_message_appears_behind_a_reader_while_many_post(database_url: str) -> None:
    posting, reading = [SqlStore(database_url) for _ in range(5)], SqlStore(database_url)
    seen: list[Arrival] = []

    async def post(store: SqlStore, place: int) -> None:
        for number in range(8):
            await say(store, f"{place}-{number}")

    async def follow() -> None:
        while len(seen) < 40:
            seen.extend(await reading.messages.after(seen[-1].id if seen else 0, limit=5))

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(follow(), *(post(store, place) for place, store in enumerate(posting)))
    assert seen == await reading.messages.after(0, limit=100)
    for store in [*posting, reading]:
        await store.close()
