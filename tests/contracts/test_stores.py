"""The suite for stores, on both databases: every method is one transaction, whichever of its statements fails.

What each method does has its tests in `tests/storage`, on both databases as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from bot.channels.channel import Channel, PlatformName, Style
from bot.digests.content import PaperReply, SharedPaper
from bot.digests.digest import PlannedPost
from bot.errors import StorageError, UserError
from bot.platforms.outcomes import Gone, GoneScope
from bot.posting.post import Post, PostState, Settlement
from bot.reading.lists import Reader
from bot.reading.votes import Vote
from bot.topics.store import TopicEdit, TopicOptions
from bot.topics.subscription import Subscription
from storage.store import SqlStore
from tests.clocks import NOON
from tests.storage.scenes import LEASE, channel, everything, lease_one, match, paper, plan, queue, sent, topic
from tests.trouble import Trouble

LATER = NOON + timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Scene:
    """Two channels; in the first two topics, a digest with a thread that is being posted, and papers that wait."""

    store: SqlStore
    here: Channel
    there: Channel
    first: Subscription
    second: Subscription
    reply: Post


@pytest.fixture
async def scene(store: SqlStore) -> Scene:
    here, there = await channel(store, "here"), await channel(store, "there")
    first, second = await topic(store, here), await topic(store, here, "agents", min_upvotes=3)
    papers = await queue(store, here, first, *(paper(number) for number in range(1, 5)))
    threaded = plan(here, papers, style=Style.THREADS, next_digest_at=NOON)
    replies = [PlannedPost(content=PaperReply(paper_id=one), delivers=(one,), reply_to=0) for one in papers]
    head = replace(threaded.posts[0], delivers=())
    assert await store.digests.plan(replace(threaded, posts=(head, *replies)), NOON)
    await sent(store, await lease_one(store))
    reply = await lease_one(store)
    assert await store.posts.begin(reply, now=NOON, until=NOON + LEASE)
    await queue(store, here, second, *(paper(number) for number in range(5, 8)))
    return Scene(store, here, there, first, second, reply)


def moved(known: Channel) -> Channel:
    return replace(known, schedule="hourly", next_digest_at=LATER, settings=replace(known.settings, limit=3))


READER = Reader(PlatformName.SLACK, "T1", "ada")
Act = Callable[[Scene], Awaitable[Any]]
OPTIONS = TopicOptions(query="quantum", name="Q", min_upvotes=2, baseline=("2605.00001", "2605.00002"))
ACTS: dict[str, Act] = {
    "add a topic with older papers": lambda scene: scene.store.subscriptions.add(
        scene.there.id, OPTIONS, created_by="ada", now=NOON, backfill=["2605.00001", "2605.00002"]
    ),
    "edit a topic": lambda scene: scene.store.subscriptions.edit(
        TopicEdit(subscription_id=scene.second.id, options=OPTIONS, unwanted=("2605.00005",))
    ),
    "merge topics": lambda scene: scene.store.subscriptions.merge(scene.first, scene.second, OPTIONS, NOON),
    "remove a topic": lambda scene: scene.store.subscriptions.remove(scene.second.id, NOON),
    "change a channel": lambda scene: scene.store.channels.change(scene.here.id, moved, NOON),
    "pause a channel": lambda scene: scene.store.channels.pause(scene.here.id, reason="enough", until=None),
    "stop a workspace": lambda scene: scene.store.channels.break_channels(
        scene.here.address, "gone", whole_workspace=True
    ),
    "leave a workspace": lambda scene: scene.store.channels.leave_workspace(scene.here.address, "removed", NOON),
    "record matches": lambda scene: scene.store.digests.record_matches(
        {"2605.00001": 1}, [match(scene.here, "2605.00001", scene.second, instant=True)], NOON
    ),
    "plan a digest": lambda scene: scene.store.digests.plan(
        plan(scene.here, ["2605.00005", "2605.00006", "2605.00007"], per_message=2), NOON
    ),
    "settle a post": lambda scene: scene.store.posts.settle(
        Settlement(post=scene.reply, state=PostState.SENT, at=NOON, remote_id="r9", channel_after=LATER)
    ),
    "stop a workspace that refuses a post": lambda scene: scene.store.posts.stop(
        Settlement(post=scene.reply, state=PostState.PENDING, at=NOON, due_at=NOON, fresh_start=True),
        scene.here.address,
        Gone("The token was revoked.", GoneScope.WORKSPACE),
    ),
    "fold a thread": lambda scene: scene.store.posts.fold(scene.reply, per_message=2, abstracts=False, now=NOON),
    "share a paper": lambda scene: scene.store.posts.add(
        scene.here.id, SharedPaper(paper_id="2605.00001", shared_by="ada"), NOON
    ),
    "save a paper": lambda scene: scene.store.reading.save(
        Reader(scene.here.address.platform, "T1", "ada"), "2605.00001", NOON
    ),
    "vote": lambda scene: scene.store.reading.vote(scene.here.id, "2605.00001", "ada", Vote.UP, NOON),
}


@pytest.mark.parametrize("name", sorted(ACTS))
async def test_it_happens_as_a_whole_or_not_at_all(scene: Scene, name: str) -> None:
    before = await everything(scene.store)
    for at in range(100):
        trouble = Trouble(scene.store.database, at)
        try:
            await ACTS[name](scene)
        except StorageError:
            assert trouble.struck
        finally:
            trouble.end()
        after = await everything(scene.store)
        if not trouble.struck:
            assert after != before
            return
        assert after == before, f"{name}: statement {at}"
    pytest.fail("it never ends")


async def test_a_channel_has_a_topic_once_even_when_two_add_it_at_once(scene: Scene) -> None:
    adding = (
        scene.store.subscriptions.add(scene.there.id, OPTIONS, created_by=who, now=NOON) for who in ("ada", "bob")
    )
    results = await asyncio.gather(*adding, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Subscription", "UserError"]
    assert len(await scene.store.subscriptions.of_channel(scene.there.id)) == 1


async def test_a_change_of_what_is_gone_is_refused_in_words(scene: Scene) -> None:
    await scene.store.subscriptions.remove(scene.second.id, NOON)
    before = await everything(scene.store)
    with pytest.raises(UserError):
        await scene.store.subscriptions.edit(TopicEdit(subscription_id=scene.second.id, options=OPTIONS))
    with pytest.raises(UserError):
        await scene.store.subscriptions.merge(scene.first, scene.second, OPTIONS, NOON)
    assert await everything(scene.store) == before


async def test_whoever_lost_a_lease_changes_nothing(scene: Scene) -> None:
    late = replace(scene.reply, lease="an older one")
    before = await everything(scene.store)
    assert not await scene.store.posts.begin(late, now=NOON, until=LATER)
    assert not await scene.store.posts.settle(Settlement(post=late, state=PostState.FAILED, at=NOON))
    refused = Settlement(post=late, state=PostState.PENDING, at=NOON)
    assert await scene.store.posts.stop(refused, scene.here.address, Gone("The token was revoked.")) is None
    assert not await scene.store.posts.fold(late, per_message=2, abstracts=False, now=NOON)
    assert await everything(scene.store) == before
