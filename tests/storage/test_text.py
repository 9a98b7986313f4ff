"""Any text can be stored, the same on both databases: what neither could keep is left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.channel import ChannelSettings
from bot.digests.content import SharedPaper
from bot.messages.message import Message, Paragraph, text
from bot.papers.names import Name
from bot.papers.sources import ARXIV
from bot.posting.post import PostState, Settlement
from bot.topics.store import TopicEdit, TopicOptions
from storage.store import SqlStore
from tests.clocks import NOON
from tests.storage.scenes import address, lease, paper

HOSTILE = "a\x00b\ud800c\udfffd \\u0000 \\\\ '; DROP TABLE papers; -- {} %s :x ? $1 \U0001f600 \u202e\u200b"
KEPT = "abcd \\u0000 \\\\ '; DROP TABLE papers; -- {} %s :x ? $1 \U0001f600 \u202e\u200b"
LONG = "長" * 100_000

anything = st.text(st.characters(codec=None), max_size=30) | st.sampled_from(
    ["\x00", "\\\x00", "\\\\\x00u0000", HOSTILE]
)


def kept(text: str) -> str:
    return "".join(char for char in text if char != "\x00" and not "\ud800" <= char <= "\udfff")


async def test_hostile_text_of_a_paper(store: SqlStore) -> None:
    hostile = paper(
        1, title=HOSTILE, abstract=LONG, authors=(Name(HOSTILE), Name(LONG)), keywords=(HOSTILE,), submitter=HOSTILE
    )
    expected = replace(hostile, title=KEPT, authors=(Name(KEPT), Name(LONG)), keywords=(KEPT,), submitter=KEPT)
    await store.papers.import_papers([hostile])
    assert await store.papers.paper(hostile.id) == expected
    await store.papers.import_papers([hostile])
    assert await store.papers.paper(hostile.id) == expected


async def test_hostile_text_that_people_and_platforms_write(store: SqlStore) -> None:
    here = await store.channels.add(address(HOSTILE), HOSTILE, time_zone="UTC", schedule="instant", next_digest_at=None)
    assert (here.name, here.address.channel) == (KEPT, KEPT)
    assert await store.channels.find(address(HOSTILE)) == here
    await store.channels.change(here.id, lambda known: replace(known, settings=ChannelSettings(mention=HOSTILE)), NOON)
    await store.channels.pause(here.id, reason=HOSTILE, until=None)
    await store.channels.resume(here.id, lambda _: None)
    options = TopicOptions(query=HOSTILE, name=HOSTILE)
    topic = await store.subscriptions.add(here.id, options, created_by=HOSTILE, now=NOON)
    assert (topic.query, topic.name, topic.created_by) == (KEPT, KEPT, KEPT)
    await store.subscriptions.edit(TopicEdit(subscription_id=topic.id, options=options))
    await store.sources.record_failure(ARXIV, NOON, HOSTILE, None)
    assert (await store.sources.state(ARXIV)).last_error == KEPT
    await store.posts.add(here.id, SharedPaper(paper_id="1", shared_by=HOSTILE), NOON)
    (post,) = await lease(store)
    assert post.content == SharedPaper(paper_id="1", shared_by=KEPT)
    unlucky = Settlement(post=post, state=PostState.FAILED, at=NOON, error=HOSTILE, remote_id=HOSTILE)
    assert await store.posts.settle(unlucky)
    assert await store.posts.last_error(here.id) == KEPT
    message = Message(summary=HOSTILE, blocks=(Paragraph(text(HOSTILE)),))
    logged = await store.messages.add(HOSTILE, message, key=HOSTILE, reply_to=None, posted_at=NOON)
    assert logged.message == Message(summary=KEPT, blocks=(Paragraph(text(KEPT)),))
    assert await store.messages.find(HOSTILE) == logged
    assert await store.papers.papers([HOSTILE]) == {}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(words=st.lists(anything, max_size=4), title=anything)
async def test_text_comes_back_without_what_cannot_be_stored(store: SqlStore, words: list[str], title: str) -> None:
    message = Message(summary=title, blocks=(Paragraph(text(*words)),))
    key = uuid4().hex
    logged = await store.messages.add(title, message, key=key, reply_to=None, posted_at=NOON)
    assert logged.channel == kept(title)
    assert logged.message == Message(summary=kept(title), blocks=(Paragraph(text(*map(kept, words))),))
    assert await store.messages.find(key) == logged


async def test_times_come_back_in_utc_to_the_microsecond(store: SqlStore) -> None:
    in_nepal = datetime(2026, 3, 29, 2, 30, 0, 123456, timezone(timedelta(hours=5, minutes=45)))
    here = await store.channels.add(address("a"), "a", time_zone="UTC", schedule="x", next_digest_at=in_nepal)
    assert here.next_digest_at == in_nepal
    assert here.next_digest_at is not None
    assert here.next_digest_at.tzinfo is UTC
    # Compared as times and not as text.
    assert await store.channels.due_after(in_nepal - timedelta(microseconds=1)) == [here]
    assert await store.channels.due_after(in_nepal) == []
    assert [one.id for one in await store.digests.due(in_nepal, 1)] == [here.id]
    assert await store.digests.due(in_nepal - timedelta(microseconds=1), 1) == []
