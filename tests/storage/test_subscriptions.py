"""Topics: numbered for good, never twice the same, followed by whoever matches papers against them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.channel import Style
from bot.digests.content import PaperReply
from bot.digests.digest import PlannedPost
from bot.errors import UserError
from bot.papers.sources import ARXIV, HUGGINGFACE
from bot.posting.post import PostState, Settlement
from bot.reading.votes import Vote
from bot.topics.store import Match, SubscriptionChange, TopicEdit, TopicFigures, TopicMove, TopicOptions
from bot.topics.subscription import Subscription
from storage.database.statements import CHUNK
from storage.posting import deliveries, digests
from storage.store import SqlStore
from tests.clocks import NOON
from tests.storage.scenes import LEASE, TODAY, channel, lease_one, listed, match, paper, plan, queue, sent, topic


def edit(topic: Subscription, options: TopicOptions, *, unwanted: tuple[str, ...] = ()) -> TopicEdit:
    return TopicEdit(subscription_id=topic.id, options=options, unwanted=unwanted)


async def test_a_topic_comes_back_as_it_was_chosen(store: SqlStore) -> None:
    here = await channel(store)
    before = await store.papers.last_change()
    options = TopicOptions(query='title:"äö" OR llm', name="Mine", min_upvotes=20, instant=True)
    added = await store.subscriptions.add(here.id, options, created_by="ada", now=NOON)
    assert (added.channel_id, added.number, added.name, added.query) == (here.id, 1, "Mine", 'title:"äö" OR llm')
    assert (added.min_upvotes, added.instant, added.created_by) == (20, True, "ada")
    assert added.since == await store.papers.last_change() == before + 1
    assert await store.subscriptions.of_channel(here.id) == [added]
    assert await store.subscriptions.get([added.id, 999]) == {added.id: added}
    assert (await store.health.facts(NOON)).rows["subscriptions"] == 1


async def test_numbers_count_in_each_channel_and_are_never_given_again(store: SqlStore) -> None:
    here, other = await channel(store), await channel(store, "other")
    first, second = await topic(store, here, "a"), await topic(store, here, "b")
    await store.subscriptions.remove(second.id, NOON)
    third = await topic(store, here, "c")
    assert (first.number, second.number, third.number) == (1, 2, 3)
    assert (await topic(store, other, "a")).number == 1
    assert [one.number for one in await store.subscriptions.of_channel(here.id)] == [1, 3]


async def test_topics_added_at_once_get_numbers_of_their_own(database_url: str) -> None:
    stores = [SqlStore(database_url) for _ in range(4)]
    here = await channel(stores[0])
    added = await asyncio.gather(
        *(topic(store, here, f"{place} {n}") for place, store in enumerate(stores) for n in range(5))
    )
    assert sorted(one.number for one in added) == list(range(1, 21))
    assert len({one.since for one in added}) == 20
    for store in stores:
        await store.close()


async def test_the_same_topic_twice_is_refused(store: SqlStore) -> None:
    here = await channel(store)
    first = await topic(store, here, "diffusion")
    with pytest.raises(UserError, match="number 1"):
        await topic(store, here, "diffusion", name="again")
    other = await topic(store, here, "agents")
    with pytest.raises(UserError, match="number 1"):
        await store.subscriptions.edit(edit(other, TopicOptions(query="diffusion")))
    assert await store.subscriptions.of_channel(here.id) == [first, other]
    await store.subscriptions.remove(first.id, NOON)
    assert (await topic(store, here, "diffusion")).number == 3
    await topic(store, await channel(store, "other"), "diffusion")


async def test_a_double_click_adds_one_topic(database_url: str) -> None:
    stores = [SqlStore(database_url) for _ in range(3)]
    here = await channel(stores[0])
    results = await asyncio.gather(*(topic(store, here) for store in stores), return_exceptions=True)
    assert sum(isinstance(result, UserError) for result in results) == 2, results
    assert len(await stores[0].subscriptions.of_channel(here.id)) == 1
    for store in stores:
        await store.close()


async def test_another_query_starts_over_with_what_is_news(store: SqlStore) -> None:
    here = await channel(store)
    await listed(store, paper(1), paper(2))
    first = await topic(store, here, "upvotes:>5", baseline=(paper(1).id,))
    edited = await store.subscriptions.edit(
        edit(first, TopicOptions(query="upvotes:>9", min_upvotes=3, baseline=(paper(2).id,)))
    )
    assert (edited.id, edited.number, edited.query, edited.min_upvotes) == (first.id, 1, "upvotes:>9", 3)
    assert edited.since == await store.papers.last_change() > first.since
    assert await store.subscriptions.baselines([first.id]) == {(first.id, paper(2).id)}


async def test_another_name_keeps_what_is_news(store: SqlStore) -> None:
    here = await channel(store)
    await listed(store, paper(1))
    first = await topic(store, here, "upvotes:>5", baseline=(paper(1).id,))
    edited = await store.subscriptions.edit(
        edit(first, TopicOptions(query="upvotes:>5", name="Loved", instant=True, baseline=()))
    )
    assert (edited.name, edited.instant, edited.since) == ("Loved", True, first.since)
    assert await store.subscriptions.baselines([first.id]) == {(first.id, paper(1).id)}
    assert [one.subscription for one in await store.subscriptions.changed(first.since, 10)] == [edited]


async def test_of_two_merged_topics_one_stays_with_all_that_both_brought(store: SqlStore) -> None:
    here = await channel(store)
    one, two = await topic(store, here, "a", baseline=()), await topic(store, here, "b", name="B")
    await listed(store, paper(1), paper(2), paper(3))
    await store.digests.record_matches(
        {}, [match(here, paper(1).id, one), match(here, paper(2).id, one, two), match(here, paper(3).id, two)], NOON
    )
    assert await store.digests.plan(plan(here, [paper(2).id]), NOON)
    await sent(store, await lease_one(store))
    options = TopicOptions(query="a OR b", name="Both", min_upvotes=3, instant=True, baseline=(paper(1).id,))
    merged = await store.subscriptions.merge(two, one, options, NOON)
    assert (merged.id, merged.number, merged.name, merged.query) == (two.id, 2, "Both", "a OR b")
    assert (merged.min_upvotes, merged.instant, merged.since) == (3, True, two.since)
    assert await store.subscriptions.of_channel(here.id) == [merged]
    assert await store.subscriptions.baselines([one.id, two.id]) == {(two.id, paper(1).id)}
    waiting = {queued.paper.id: queued.topics for queued in await store.digests.waiting(here.id)}
    assert waiting == {paper(1).id: ("Both",), paper(3).id: ("Both",)}
    assert [posted.topics for posted in await store.digests.history(here.id, 10)] == [("Both",)]
    assert await store.subscriptions.delivered(here.id, NOON - timedelta(days=30)) == {two.id: 1}
    changes = await store.subscriptions.changed(two.since, 10)
    assert [(change.subscription_id, change.subscription) for change in changes] == [(one.id, None), (two.id, merged)]


async def test_a_merge_that_comes_too_late_changes_nothing(store: SqlStore) -> None:
    here = await channel(store)
    one, two, three = [await topic(store, here, query) for query in ("a", "b", "a OR b")]
    with pytest.raises(UserError, match="number 3"):
        await store.subscriptions.merge(one, two, TopicOptions(query="a OR b"), NOON)
    edited = await store.subscriptions.edit(edit(two, TopicOptions(query="c")))
    with pytest.raises(UserError, match="meantime"):
        await store.subscriptions.merge(one, two, TopicOptions(query="a OR d"), NOON)
    assert await store.subscriptions.of_channel(here.id) == [one, edited, three]


async def test_a_paper_that_is_being_matched_during_a_merge_is_matched_again(store: SqlStore) -> None:
    here = await channel(store)
    one, two = await topic(store, here, "a"), await topic(store, here, "b")
    await listed(store, paper(1))
    (stored,) = await store.papers.unmatched(10)
    merged = await store.subscriptions.merge(one, two, TopicOptions(query="a OR b"), NOON)
    await store.digests.record_matches({paper(1).id: stored.revision}, [match(here, paper(1).id, two)], NOON)
    assert await store.digests.waiting(here.id) == []  # that topic is gone, and what it found with it
    (again,) = await store.papers.unmatched(10)
    assert again.paper == stored.paper
    assert again.first.change == stored.first.change > merged.since


async def test_a_topic_that_moves_is_told_of_what_is_being_matched_and_of_nothing_older(store: SqlStore) -> None:
    here, there = await channel(store), await channel(store, "elsewhere")
    await listed(store, paper(1), paper(3))
    one = await topic(store, here)
    await listed(store, paper(2))
    await listed(store, paper(1, upvotes=9))  # which is matched again, and was old to the topic
    await listed(store, paper(3), source=ARXIV)  # news to channels that take papers from there alone
    move = TopicMove(one, TopicOptions(query=one.query))
    await store.subscriptions.transfer([move], there.id, created_by="ada", now=NOON)
    (moved,) = await store.subscriptions.of_channel(there.id)
    listings = {
        (stored.paper.id, source): listing.change
        for stored in await store.papers.unmatched(10)
        for source, listing in stored.by_source.items()
    }
    news = {key for key, change in listings.items() if change > moved.since}
    assert len(listings) == 4
    assert news == {(paper(2).id, HUGGINGFACE), (paper(3).id, ARXIV)}


async def test_a_removed_topic_cannot_be_edited(store: SqlStore) -> None:
    gone = await topic(store, await channel(store))
    await store.subscriptions.remove(gone.id, NOON)
    with pytest.raises(UserError, match="removed"):
        await store.subscriptions.edit(edit(gone, TopicOptions(query="agents")))


async def test_followers_learn_of_every_change_including_removals(store: SqlStore) -> None:
    here = await channel(store)
    first, second = await topic(store, here, "a"), await topic(store, here, "b")
    assert await store.subscriptions.changed(0, 10) == [
        SubscriptionChange(first.since, first.id, first),
        SubscriptionChange(second.since, second.id, second),
    ]
    edited = await store.subscriptions.edit(edit(first, TopicOptions(query="a2")))
    await store.subscriptions.remove(second.id, NOON)
    last = await store.papers.last_change()
    assert await store.subscriptions.changed(second.since, 10) == [
        SubscriptionChange(edited.since, first.id, edited),
        SubscriptionChange(last, second.id, None),
    ]
    assert [one.subscription_id for one in await store.subscriptions.changed(0, 1)] == [first.id]
    assert await store.subscriptions.changed(last, 10) == []


async def test_papers_and_topics_share_one_count(store: SqlStore) -> None:
    here = await channel(store)
    await listed(store, paper(1))
    between = await topic(store, here)
    await listed(store, paper(2))
    numbers = {one.paper.id: one.first.change for one in await store.papers.unmatched(10)}
    assert numbers[paper(1).id] < between.since < numbers[paper(2).id]


async def test_a_large_baseline(store: SqlStore) -> None:
    here = await channel(store)
    papers = [paper(number) for number in range(1, CHUNK + 2)]
    await store.papers.import_papers(papers)
    watching = await topic(store, here, "upvotes:>5", baseline=tuple(one.id for one in papers))
    assert await store.subscriptions.baselines([watching.id]) == {(watching.id, one.id) for one in papers}
    assert await store.subscriptions.baselines([]) == set()


async def test_a_topic_takes_what_waits_only_because_of_it_along(store: SqlStore) -> None:
    here = await channel(store)
    one, two = await topic(store, here, "a"), await topic(store, here, "b")
    await listed(store, paper(1), paper(2), paper(3))
    await store.digests.record_matches(
        {}, [match(here, paper(1).id, one), match(here, paper(2).id, one, two), match(here, paper(3).id, two)], NOON
    )
    await store.subscriptions.remove(one.id, NOON)
    waiting = {queued.paper.id: queued.topics for queued in await store.digests.waiting(here.id)}
    assert waiting == {paper(2).id: ("b",), paper(3).id: ("b",)}
    assert await store.digests.delivered_ids(here.id, [paper(n).id for n in (1, 2, 3)]) == {paper(2).id, paper(3).id}


async def test_what_is_in_a_digest_already_stays_there(store: SqlStore) -> None:
    here = await channel(store)
    one = await topic(store, here)
    ids = await queue(store, here, one, paper(1))
    assert await store.digests.plan(plan(here, ids), NOON)
    await store.subscriptions.remove(one.id, NOON)
    await sent(store, await lease_one(store))
    assert [posted.paper.id for posted in await store.digests.history(here.id, 10)] == ids


async def test_an_edited_topic_lets_go_of_what_it_no_longer_wants(store: SqlStore) -> None:
    here = await channel(store)
    one, two = await topic(store, here, "a"), await topic(store, here, "b")
    await queue(store, here, one, paper(1), paper(2), paper(3))
    await store.digests.record_matches({}, [match(here, paper(2).id, two)], NOON)
    await store.subscriptions.edit(
        edit(one, TopicOptions(query="c"), unwanted=(paper(1).id, paper(2).id, "2605.99999"))
    )
    waiting = {queued.paper.id: queued.topics for queued in await store.digests.waiting(here.id)}
    assert waiting == {paper(2).id: ("b",), paper(3).id: ("c",)}


async def test_a_dropped_paper_may_come_back_by_another_topic(store: SqlStore) -> None:
    here = await channel(store)
    one = await topic(store, here, "a")
    (dropped,) = await queue(store, here, one, paper(1))
    await store.subscriptions.remove(one.id, NOON)
    two = await topic(store, here, "b")
    news = await store.digests.record_matches({}, [match(here, dropped, two, instant=True)], NOON)
    assert news == [here.id]
    (queued,) = await store.digests.waiting(here.id)
    assert (queued.paper.id, queued.topics, queued.instant) == (dropped, ("b",), True)


@pytest.mark.parametrize("in_list", [True, False])
async def test_a_dropped_paper_comes_back_unless_the_list_of_its_thread_shows_it(
    store: SqlStore, in_list: bool
) -> None:
    here = await channel(store)
    (dropped,) = await queue(store, here, await topic(store, here, "a"), paper(1))
    planned = plan(here, [dropped], style=Style.THREADS)
    head = replace(planned.posts[0], delivers=())
    reply = PlannedPost(content=PaperReply(paper_id=dropped), delivers=(dropped,), reply_to=0)
    posts = (head, reply) if in_list else planned.posts
    assert await store.digests.plan(replace(planned, posts=posts), NOON)
    if in_list:
        await sent(store, await lease_one(store))
    refused = await lease_one(store)
    assert await store.posts.begin(refused, now=NOON, until=NOON + LEASE)
    assert await store.posts.settle(Settlement(post=refused, state=PostState.FAILED, at=NOON))
    two = await topic(store, here, "b")
    await store.digests.record_matches({}, [match(here, dropped, two)], NOON)
    assert [queued.paper.id for queued in await store.digests.waiting(here.id)] == ([] if in_list else [dropped])


async def test_topics_count_what_they_brought_lately(store: SqlStore) -> None:
    here = await channel(store)
    one, two = await topic(store, here, "a"), await topic(store, here, "b")
    await listed(store, paper(1), paper(2), paper(3))
    await store.digests.record_matches(
        {}, [match(here, paper(1).id, one), match(here, paper(2).id, one, two), match(here, paper(3).id, two)], NOON
    )
    assert await store.digests.plan(plan(here, [paper(1).id, paper(2).id]), NOON)
    assert await store.subscriptions.delivered(here.id, NOON - timedelta(days=30)) == {}
    await sent(store, await lease_one(store), at=NOON)
    assert await store.subscriptions.delivered(here.id, NOON - timedelta(days=30)) == {one.id: 2, two.id: 1}
    assert await store.subscriptions.delivered(here.id, NOON) == {}


async def test_the_owner_is_who_made_the_first_topic_that_is_left(store: SqlStore) -> None:
    here = await channel(store)
    assert await store.subscriptions.owner(here.id) == ""
    first = await store.subscriptions.add(here.id, TopicOptions(query="a"), created_by="ada", now=NOON)
    await store.subscriptions.add(here.id, TopicOptions(query="b"), created_by="bob", now=NOON)
    assert await store.subscriptions.owner(here.id) == "ada"
    await store.subscriptions.remove(first.id, NOON)
    assert await store.subscriptions.owner(here.id) == "bob"


async def test_removing_and_matching_at_once_loses_no_paper_of_another_topic(database_url: str) -> None:
    """A topic goes while the matcher notes that another one wants the same papers."""
    one_store, other_store = SqlStore(database_url), SqlStore(database_url)
    papers = [paper(number) for number in range(1, 6)]
    for round_number in range(10):
        here = await channel(one_store, f"channel-{round_number}")
        leaving, staying = await topic(one_store, here, "a"), await topic(one_store, here, "b")
        await queue(one_store, here, leaving, *papers)
        matches = [match(here, one.id, staying) for one in reversed(papers)]
        await asyncio.gather(
            one_store.subscriptions.remove(leaving.id, NOON),
            other_store.digests.record_matches({}, matches, NOON),
        )
        waiting = {queued.paper.id: queued.topics for queued in await one_store.digests.waiting(here.id)}
        assert waiting == {one.id: ("b",) for one in papers}
    await one_store.close()
    await other_store.close()


async def test_matches_of_many_channels_are_queued_in_parts_and_a_crash_in_between_loses_none(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digests, "MATCHES_AT_ONCE", 4)
    channels = [await channel(store, f"channel-{number}") for number in range(4)]
    topics = [await topic(store, here, "a") for here in channels]
    papers = [paper(number) for number in range(1, 4)]
    await listed(store, *papers)
    revisions = {one.paper.id: one.revision for one in await store.papers.unmatched(9)}
    # As they come: by paper, so that each channel's are scattered.
    matches = [match(here, one.id, its) for one in papers for here, its in zip(channels, topics, strict=True)]
    parts: list[set[int]] = []

    async def one_part_and_no_more(connection: AsyncConnection, some: Sequence[Match], now: datetime) -> list[int]:
        if parts:
            raise RuntimeError("a crash")
        parts.append({one.channel_id for one in some})
        return await deliveries.queue(connection, some, now)

    with monkeypatch.context() as crash:
        crash.setattr(digests, "queue", one_part_and_no_more)
        with pytest.raises(RuntimeError, match="a crash"):
            await store.digests.record_matches(revisions, matches, NOON)
    ids = [one.id for one in papers]
    # All of a channel, or nothing: no digest is made of a part of its papers.
    first = {here.id: [one.paper.id for one in await store.digests.waiting(here.id)] for here in channels}
    assert first == {here.id: ids if here.id in parts[0] else [] for here in channels}
    assert len(parts[0]) == 2
    assert len(await store.papers.unmatched(9)) == 3
    news = await store.digests.record_matches(revisions, matches, NOON)
    assert news == sorted({here.id for here in channels} - parts[0])
    for here in channels:
        assert [one.paper.id for one in await store.digests.waiting(here.id)] == ids
    assert await store.papers.unmatched(9) == []


async def test_removing_and_planning_at_once_either_posts_or_drops(database_url: str) -> None:
    one_store, other_store = SqlStore(database_url), SqlStore(database_url)
    papers = [paper(number) for number in range(1, 6)]
    for round_number in range(10):
        here = await channel(one_store, f"channel-{round_number}")
        leaving = await topic(one_store, here, "a")
        ids = await queue(one_store, here, leaving, *papers)
        _, planned = await asyncio.gather(
            one_store.subscriptions.remove(leaving.id, NOON),
            other_store.digests.plan(plan(here, ids[::-1]), NOON),
        )
        kept = await one_store.digests.delivered_ids(here.id, ids)
        assert (kept, await one_store.posts.open_in(here.id)) == ((set(ids), 1) if planned else (set(), 0))
    await one_store.close()
    await other_store.close()


async def test_figures_are_counted_by_the_day_of_the_digest_with_the_votes_of_the_channel(store: SqlStore) -> None:
    here, elsewhere = await channel(store), await channel(store, "other")
    agents, turtles = await topic(store, here, "agents"), await topic(store, here, "turtles")
    ids = await queue(store, here, agents, paper(1), paper(2))
    ids += await queue(store, here, turtles, paper(3))
    await store.digests.plan(plan(here, ids), NOON)
    assert await store.subscriptions.figures(here.id, TODAY) == {}
    await sent(store, await lease_one(store))
    for person, vote in (("ada", Vote.UP), ("bob", Vote.DOWN)):
        await store.reading.vote(here.id, "2605.00001", person, vote, NOON)
        await store.reading.vote(elsewhere.id, "2605.00002", person, vote, NOON)
    assert await store.subscriptions.figures(here.id, TODAY) == {
        agents.id: TopicFigures({TODAY: 2}, up=1, down=1),
        turtles.id: TopicFigures({TODAY: 1}),
    }
    assert await store.subscriptions.figures(here.id, TODAY + timedelta(days=1)) == {}
    assert await store.subscriptions.figures(elsewhere.id, TODAY) == {}
