"""Two messages are under way as their papers are one: if one of them is there, the other is not sent again."""

from __future__ import annotations

from itertools import product

import pytest

from bot.channels.channel import PlatformName
from bot.digests.digest import DeliveryState
from bot.posting.post import HOLDS_UP_FOR, Post, PostState, Settlement
from storage.store import SqlStore
from tests.clocks import NOON
from tests.storage.scenes import LEASE, channel, lease_one, paper, plan, queue, topic
from tests.storage.test_mergers import ARXIVS, FEEDS, OTHER, left, they_are_one

LATER = NOON + HOLDS_UP_FOR
FOURTH = paper(4)


async def settle(store: SqlStore, post: Post, state: PostState) -> None:
    remote_id = f"r{post.id}" if state is PostState.SENT else None
    assert await store.posts.settle(
        Settlement(post=post, state=state, at=LATER, due_at=LATER + LEASE / 12, remote_id=remote_id)
    )


async def look(store: SqlStore) -> list[Post]:
    at = LATER + LEASE / 6
    return await store.posts.lease_unknown([PlatformName.SLACK], now=at, until=at + LEASE, limit=2)


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("second_in_flight", [True, False])
@pytest.mark.parametrize("arrived", list(product([True, False], repeat=2)))
@pytest.mark.parametrize("second_first", [True, False])
async def test_either_arrives_or_both_or_none(
    store: SqlStore,
    is_known: bool,
    second_in_flight: bool,
    arrived: tuple[bool, bool],
    second_first: bool,
) -> None:
    """The second one is in flight, or nobody knows what became of it either; which may be known first."""
    here = await channel(store)
    await queue(store, here, await topic(store, here), ARXIVS, FEEDS, OTHER, FOURTH)
    first_id, second_id = (ARXIVS.id, FEEDS.id) if is_known else (FEEDS.id, ARXIVS.id)
    assert await store.digests.plan(plan(here, [first_id, OTHER.id], next_digest_at=NOON), NOON)
    assert await store.digests.plan(plan(here, [second_id, FOURTH.id]), NOON)
    first = await lease_one(store)
    assert await store.posts.begin(first, now=NOON, until=NOON + LEASE)
    await settle(store, first, PostState.UNKNOWN)
    second = await lease_one(store, LATER)
    assert await store.posts.begin(second, now=LATER, until=LATER + LEASE)
    if not second_in_flight:
        await settle(store, second, PostState.UNKNOWN)
    await they_are_one(store)

    became = {
        post.id: PostState.SENT if is_there else PostState.PENDING
        for post, is_there in zip((first, second), arrived, strict=True)
    }
    found = {post.id: post for post in await look(store)}
    assert found.keys() == ({first.id} if second_in_flight else {first.id, second.id})
    for post in (second, first) if second_first else (first, second):
        await settle(store, found.get(post.id, post), became[post.id])

    sent_again = [one for one in await left(store) if {ARXIVS.id, FEEDS.id} & set(one)]
    assert len(sent_again) == (not any(arrived)), "it is there already"
    everything = {ARXIVS.id, OTHER.id, FOURTH.id}
    history = await store.digests.history(here.id, 9)
    assert sorted(one.paper.id for one in history) == sorted(everything)
    places: dict[tuple[int, int], list[int]] = {}
    for one in everything:
        delivery = await store.posts.delivery(here.id, one)
        assert delivery is not None
        assert delivery.digest is not None
        assert delivery.state is DeliveryState.POSTED
        places.setdefault((delivery.digest.id, delivery.digest.total), []).append(delivery.place)
    for (_, total), counted in places.items():
        assert sorted(counted) == list(range(1, total + 1)), "a digest counts what it brought"
