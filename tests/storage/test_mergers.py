"""Two papers turn out to be one: of the messages that show them one keeps it, unless both are there already."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, text

from bot.channels.channel import Channel, PlatformName, Style
from bot.digests.content import DigestPart, PaperReply, SharedPaper
from bot.digests.digest import DeliveryState, PlannedPost
from bot.posting.post import Post, PostState, Settlement
from bot.ranking.order import Reason, ReasonKind
from storage.past_deliveries import paper_number
from storage.store import SqlStore
from storage.tables.posts import DELIVERIES, PAST_DELIVERIES
from tests.clocks import NOON
from tests.storage.scenes import LEASE, channel, lease_one, listed, match, paper, plan, queue, sent, topic

LATER = NOON + timedelta(minutes=5)
ARXIVS = paper(1)
FEEDS = paper(2, id="feed:0123456789abcdef0123")
OTHER = paper(3)


async def they_are_one(store: SqlStore, *others: str) -> None:
    await listed(store, replace(ARXIVS, other_ids=(FEEDS.id, *others)))
    (one,) = (await store.papers.papers([FEEDS.id])).values()
    assert one.id == ARXIVS.id


async def here_with(store: SqlStore, *ids: str, per_message: int = 1, shown: int | None = None) -> Channel:
    """A channel with a digest of these papers."""
    here = await channel(store)
    await queue(store, here, await topic(store, here), ARXIVS, FEEDS, OTHER)
    assert await store.digests.plan(plan(here, ids, per_message=per_message, shown=shown), NOON)
    return here


async def begun(store: SqlStore) -> Post:
    post = await lease_one(store)
    assert await store.posts.begin(post, now=NOON, until=NOON + LEASE)
    return post


async def settle(store: SqlStore, post: Post, state: PostState) -> None:
    assert await store.posts.settle(Settlement(post=post, state=state, at=NOON, due_at=NOON))


async def left(store: SqlStore) -> list[tuple[str, ...]]:
    """What the messages show that are still to be sent, and sends them."""
    found = []
    while posts := await store.posts.lease([PlatformName.SLACK], now=LATER, until=LATER + LEASE, limit=9):
        (post,) = posts
        found.append(ids_of(post))
        await sent(store, post, at=LATER, remote_id=f"r{post.id}")
    return found


def ids_of(post: Post) -> tuple[str, ...]:
    if isinstance(post.content, PaperReply):
        return (post.content.paper_id,)
    assert isinstance(post.content, DigestPart)
    return post.content.paper_ids


ALL = (ARXIVS.id, FEEDS.id, OTHER.id)


async def test_the_message_that_comes_first_shows_it(store: SqlStore) -> None:
    await here_with(store, *ALL)
    await they_are_one(store)
    assert await left(store) == [(ARXIVS.id,), (OTHER.id,)]


async def test_a_message_with_other_papers_goes_without_it(store: SqlStore) -> None:
    await here_with(store, ARXIVS.id, OTHER.id, FEEDS.id, per_message=2)
    await they_are_one(store)
    assert await left(store) == [(ARXIVS.id, OTHER.id)]


async def test_what_is_on_its_way_shows_it(store: SqlStore) -> None:
    await here_with(store, *ALL)
    first = await begun(store)
    await they_are_one(store)
    await settle(store, first, PostState.PENDING)
    assert await left(store) == [(ARXIVS.id,), (OTHER.id,)]


async def test_what_is_written_and_has_not_left_is_written_anew(store: SqlStore) -> None:
    """As it shows both, or what was sent already."""
    await here_with(store, *ALL)
    await sent(store, await lease_one(store))
    post = await lease_one(store)
    await they_are_one(store)
    assert not await store.posts.begin(post, now=NOON, until=NOON + LEASE)
    assert await left(store) == [(OTHER.id,)]


async def test_what_has_not_left_shows_both_and_is_written_anew(store: SqlStore) -> None:
    await here_with(store, *ALL, per_message=3)
    post = await lease_one(store)
    await they_are_one(store)
    assert not await store.posts.begin(post, now=NOON, until=NOON + LEASE)
    assert len(await left(store)) == 1


@pytest.mark.parametrize("state", [PostState.PENDING, PostState.UNKNOWN])
async def test_what_comes_back_goes_without_what_was_sent_meanwhile(store: SqlStore, state: PostState) -> None:
    await here_with(store, *ALL)
    await sent(store, await lease_one(store))
    second = await begun(store)
    await they_are_one(store)
    await settle(store, second, state)
    if state is PostState.UNKNOWN:
        (unknown,) = await store.posts.lease_unknown([PlatformName.SLACK], now=NOON, until=NOON + LEASE, limit=1)
        assert ids_of(unknown) == (FEEDS.id,)  # what is looked for is what was sent
        await settle(store, unknown, PostState.PENDING)
    assert await left(store) == [(OTHER.id,)]


async def test_what_was_refused_is_not_tried_again_without_need(store: SqlStore) -> None:
    here = await here_with(store, *ALL)
    first = await begun(store)
    await settle(store, first, PostState.FAILED)
    await they_are_one(store)
    assert await left(store) == [(FEEDS.id,), (OTHER.id,)]
    assert await store.posts.retry([first.id], LATER) == 0
    assert {one.paper.id for one in await store.digests.history(here.id, 9)} == {ARXIVS.id, OTHER.id}


async def test_what_is_only_counted_gives_way_to_what_is_shown(store: SqlStore) -> None:
    here = await here_with(store, OTHER.id, FEEDS.id, ARXIVS.id, shown=2)
    await they_are_one(store)
    assert await left(store) == [(OTHER.id,), (FEEDS.id,)]
    delivery = await store.posts.delivery(here.id, ARXIVS.id)
    assert delivery is not None
    assert delivery.digest is not None
    assert (delivery.state, delivery.place) == (DeliveryState.POSTED, 2)
    assert (delivery.digest.total, delivery.digest.shown) == (2, 2)


async def test_what_is_counted_by_a_message_goes_with_it_however_little_that_shows(store: SqlStore) -> None:
    here = await channel(store)
    topic_here = await topic(store, here)
    await queue(store, here, topic_here, ARXIVS, FEEDS, OTHER)
    assert await store.digests.plan(plan(here, [ARXIVS.id], next_digest_at=NOON), NOON)
    assert await store.digests.plan(plan(here, [FEEDS.id, OTHER.id], shown=1), NOON)
    await they_are_one(store)
    assert await left(store) == [(ARXIVS.id,), ()]
    delivery = await store.posts.delivery(here.id, OTHER.id)
    assert delivery is not None
    assert (delivery.state, delivery.place) == (DeliveryState.POSTED, 1)


async def test_the_headline_of_what_follows_stays(store: SqlStore) -> None:
    here = await channel(store)
    topic_here = await topic(store, here)
    await queue(store, here, topic_here, ARXIVS, FEEDS, OTHER)
    assert await store.digests.plan(plan(here, [ARXIVS.id], next_digest_at=NOON), NOON)
    assert await store.digests.plan(plan(here, [FEEDS.id, OTHER.id], per_message=1), NOON)
    await they_are_one(store)
    assert await left(store) == [(ARXIVS.id,), (), (OTHER.id,)]


def in_threads(here: Channel, *ids: str) -> list[PlannedPost]:
    """Two lists, and a reply about each paper."""
    lists = [
        PlannedPost(content=DigestPart(paper_ids=(one,), first=place, part=place, parts=len(ids)))
        for place, one in enumerate(ids, 1)
    ]
    replies = [
        PlannedPost(content=PaperReply(paper_id=one), delivers=(one,), reply_to=place) for place, one in enumerate(ids)
    ]
    return [*lists, *replies]


@pytest.mark.parametrize("lists_sent", [0, 1, 2])
async def test_lists_and_replies_of_threads_show_it_once(store: SqlStore, lists_sent: int) -> None:
    here = await channel(store)
    await queue(store, here, await topic(store, here), ARXIVS, FEEDS)
    planned = plan(here, [FEEDS.id, ARXIVS.id], style=Style.THREADS)
    assert await store.digests.plan(replace(planned, posts=tuple(in_threads(here, FEEDS.id, ARXIVS.id))), NOON)
    for _ in range(lists_sent):
        await sent(store, await lease_one(store))
    await they_are_one(store)
    assert await left(store) == [[(FEEDS.id,), (FEEDS.id,)], [(FEEDS.id,)], [(FEEDS.id,)]][lists_sent]


async def test_a_thread_that_is_gone_goes_on_in_the_channel_without_it(store: SqlStore) -> None:
    here = await channel(store)
    await queue(store, here, await topic(store, here), ARXIVS, FEEDS, OTHER)
    planned = plan(here, [ARXIVS.id, FEEDS.id, OTHER.id], style=Style.THREADS)
    listing = replace(planned.posts[0], delivers=())
    replies = [PlannedPost(content=PaperReply(paper_id=one), delivers=(one,), reply_to=0) for one in planned.paper_ids]
    assert await store.digests.plan(replace(planned, posts=(listing, *replies)), NOON)
    await sent(store, await lease_one(store))
    await sent(store, await lease_one(store))
    reply = await begun(store)
    await they_are_one(store)
    assert await store.posts.fold(reply, per_message=9, abstracts=False, now=NOON)
    assert await left(store) == [(OTHER.id,)]


@pytest.mark.parametrize("first", [True, False])
async def test_what_is_to_go_out_at_once_still_does(store: SqlStore, first: bool) -> None:
    here = await channel(store)
    topic_here = await topic(store, here)
    await queue(store, here, topic_here, ARXIVS, instant=first)
    await queue(store, here, topic_here, FEEDS, instant=not first)
    await they_are_one(store)
    (queued,) = await store.digests.waiting(here.id)
    assert (queued.paper.id, queued.instant) == (ARXIVS.id, True)


@pytest.mark.parametrize("is_planned", [True, False])
@pytest.mark.parametrize("known", [ARXIVS.id, FEEDS.id])
async def test_what_was_posted_long_ago_under_its_other_id_is_not_posted_again(
    store: SqlStore, known: str, is_planned: bool
) -> None:
    (other,) = {ARXIVS.id, FEEDS.id} - {known}
    here = await channel(store)
    await queue(store, here, await topic(store, here), ARXIVS, FEEDS, OTHER)
    if is_planned:
        assert await store.digests.plan(plan(here, [OTHER.id, other], per_message=1), NOON)
    async with store.database.write() as connection:
        await connection.execute(delete(DELIVERIES).where(DELIVERIES.c.paper_id == known))
        await connection.execute(insert(PAST_DELIVERIES).values(channel_id=here.id, paper=paper_number(known)))
    await they_are_one(store)
    if is_planned:
        assert await left(store) == [(OTHER.id,)]
    else:
        assert [queued.paper.id for queued in await store.digests.waiting(here.id)] == [OTHER.id]


async def test_what_was_posted_long_ago_has_one_delivery_of_those_that_have_left(store: SqlStore) -> None:
    """A third id leads to both."""
    third = paper(4, id="feed:aaaaaaaaaaaaaaaaaaaa")
    here = await channel(store)
    await queue(store, here, await topic(store, here), ARXIVS, FEEDS, OTHER, third)
    assert await store.digests.plan(plan(here, [ARXIVS.id, third.id, OTHER.id], per_message=1), NOON)
    await sent(store, await lease_one(store))
    second = await begun(store)
    async with store.database.write() as connection:
        await connection.execute(delete(DELIVERIES).where(DELIVERIES.c.paper_id == FEEDS.id))
        await connection.execute(insert(PAST_DELIVERIES).values(channel_id=here.id, paper=paper_number(FEEDS.id)))
    await they_are_one(store, third.id)
    await settle(store, second, PostState.PENDING)
    assert await left(store) == [(OTHER.id,)]


async def test_a_paper_that_is_being_matched_under_the_id_that_goes_is_waited_for(postgres_url: str) -> None:
    store = SqlStore(postgres_url)
    here = await channel(store)
    topic_here = await topic(store, here)
    await queue(store, here, topic_here, ARXIVS)
    await listed(store, FEEDS, OTHER)
    async with store.database.write() as connection:
        lock = "SELECT id FROM papers WHERE id = :id FOR KEY SHARE"
        await connection.execute(text(lock), {"id": FEEDS.id})
        merging = asyncio.create_task(they_are_one(store))
        async with store.database.read() as eyes:
            waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            while not merging.done() and not (await eyes.execute(waits)).scalar():
                await asyncio.sleep(0.001)
        row = {"channel_id": here.id, "paper_id": FEEDS.id, "state": DeliveryState.QUEUED, "instant": False}
        await connection.execute(insert(DELIVERIES).values(**row, queued_at=NOON))
    await merging
    assert [queued.paper.id for queued in await store.digests.waiting(here.id)] == [ARXIVS.id]
    await store.digests.record_matches({}, [match(here, FEEDS.id, topic_here)], NOON)
    assert [queued.paper.id for queued in await store.digests.waiting(here.id)] == [ARXIVS.id]
    await store.close()


async def test_what_was_shared_or_chosen_under_the_id_that_goes_is_still_found(store: SqlStore) -> None:
    here = await channel(store)
    await queue(store, here, await topic(store, here), FEEDS, OTHER)
    shared = SharedPaper(paper_id=FEEDS.id, shared_by="ada")
    assert await store.posts.share(here.id, shared, now=NOON, since=NOON)
    await sent(store, await lease_one(store))
    reason = Reason(ReasonKind.TOPIC, "diffusion")
    part = DigestPart(paper_ids=(FEEDS.id, OTHER.id), first=1, part=1, parts=1, reasons=(reason, None))
    planned = PlannedPost(content=part, delivers=part.paper_ids)
    assert await store.digests.plan(replace(plan(here, part.paper_ids), posts=(planned,)), NOON)
    await sent(store, await lease_one(store), remote_id="r2")
    await they_are_one(store)
    assert [post.remote_id for post in await store.posts.showing(here.id, ARXIVS.id)] == ["r2", "r1"]
    again = SharedPaper(paper_id=ARXIVS.id, shared_by="bob")
    assert not await store.posts.share(here.id, again, now=NOON, since=NOON - LEASE)
    assert {one.paper.id: one.reason for one in await store.archive.delivered(here.id, 9)} == {
        ARXIVS.id: reason,
        OTHER.id: None,
    }
