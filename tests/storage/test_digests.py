"""What channels are owed: queued once, put into one digest, posted or dropped."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event

from bot.channels.channel import Style
from bot.digests.content import DigestPart, PaperReply
from bot.digests.digest import DigestKind, DigestPlan, PlannedPost
from bot.posting.post import PostState, Settlement
from storage.database.statements import CHUNK
from storage.store import SqlStore
from tests.clocks import NOON
from tests.databases import sqlite_in
from tests.storage.scenes import TODAY, channel, lease, lease_one, listed, match, paper, plan, queue, sent, topic

LATER = NOON + timedelta(hours=1)
TOMORROW = NOON + timedelta(days=1)


async def test_a_match_waits_with_the_titles_of_its_topics(store: SqlStore) -> None:
    here = await channel(store)
    one, two = await topic(store, here, "a", name="Ay"), await topic(store, here, "b")
    await listed(store, paper(1))
    assert await store.digests.record_matches({}, [match(here, paper(1).id, two, one)], NOON) == [here.id]
    (queued,) = await store.digests.waiting(here.id)
    assert (queued.paper, queued.topics, queued.instant) == (paper(1), ("Ay", "b"), False)


async def test_recording_the_same_matches_again_changes_nothing(store: SqlStore) -> None:
    here, there = await channel(store), await channel(store, "there")
    mine, theirs = await topic(store, here), await topic(store, there)
    await listed(store, paper(1), paper(2))
    matches = [match(here, paper(1).id, mine), match(there, paper(1).id, theirs), match(here, paper(2).id, mine)]
    assert await store.digests.record_matches({}, matches, NOON) == [here.id, there.id]
    before = await store.digests.waiting(here.id)
    assert await store.digests.record_matches({}, matches, LATER) == []
    assert await store.digests.waiting(here.id) == before


async def test_a_crash_before_the_commit_leaves_papers_unmatched(store: SqlStore) -> None:
    here = await channel(store)
    mine = await topic(store, here)
    await listed(store, paper(1))
    (waiting,) = await store.papers.unmatched(10)
    recording = asyncio.create_task(
        store.digests.record_matches({waiting.paper.id: waiting.revision}, [match(here, paper(1).id, mine)], NOON)
    )
    await asyncio.sleep(0)
    recording.cancel()
    await asyncio.wait([recording])
    queued = [one.paper.id for one in await store.digests.waiting(here.id)]
    unmatched = [one.paper.id for one in await store.papers.unmatched(10)]
    assert (queued, unmatched) == ([], [paper(1).id])


async def test_many_matchers_at_once_queue_a_paper_once(database_url: str) -> None:
    stores = [SqlStore(database_url) for _ in range(4)]
    channels = [await channel(stores[0], str(number)) for number in range(5)]
    topics = [await topic(stores[0], one) for one in channels]
    papers = [paper(number) for number in range(1, 21)]
    await listed(stores[0], *papers)
    matches = [match(a, one.id, b, instant=True) for a, b in zip(channels, topics, strict=True) for one in papers]
    revisions = {one.id: 1 for one in papers}
    news = await asyncio.gather(
        *(
            store.digests.record_matches(revisions, matches if place % 2 else matches[::-1], NOON)
            for place, store in enumerate(stores)
        )
    )
    assert sorted(number for some in news for number in some) == [one.id for one in channels]
    for one in channels:
        assert len(await stores[0].digests.waiting(one.id)) == len(papers)
    assert await stores[0].papers.unmatched(1) == []
    for store in stores:
        await store.close()


async def test_a_match_of_a_topic_that_was_removed_meanwhile_is_left_out(store: SqlStore) -> None:
    here = await channel(store)
    gone, kept = await topic(store, here, "a"), await topic(store, here, "b")
    await listed(store, paper(1), paper(2))
    await store.subscriptions.remove(gone.id, NOON)
    await store.digests.record_matches({}, [match(here, paper(1).id, gone), match(here, paper(2).id, gone, kept)], NOON)
    assert [(one.paper.id, one.topics) for one in await store.digests.waiting(here.id)] == [(paper(2).id, ("b",))]


async def test_more_matches_than_one_statement_takes(store: SqlStore) -> None:
    here = await channel(store)
    mine = await topic(store, here)
    papers = [paper(number) for number in range(1, CHUNK + 12)]
    ids = await queue(store, here, mine, *papers)
    assert len(await store.digests.waiting(here.id)) == len(papers)
    assert await store.digests.plan(plan(here, ids, shown=20), NOON)
    assert len(await store.digests.delivered_ids(here.id, ids)) == len(papers)


async def test_plans_of_many_channels_are_stored_together_each_by_itself(store: SqlStore) -> None:
    channels = [await channel(store, f"c{number}") for number in range(3)]
    topics = [await topic(store, one) for one in channels]
    for here, mine in zip(channels, topics, strict=True):
        await queue(store, here, mine, paper(1))
    late, *others = [plan(here, [paper(1).id]) for here in channels]
    assert await store.digests.plan(late, NOON)
    assert await store.digests.plan_all([late, *others], NOON) == {one.channel_id for one in others}
    for here in channels:
        assert await store.digests.waiting(here.id) == []
    assert (await store.posts.counts())[PostState.PENDING] == len(channels)


async def test_deliveries_are_looked_up_one_by_one_however_many_there_are(tmp_path: Path) -> None:
    store = SqlStore(sqlite_in(tmp_path / "paperround.db"))
    here = await channel(store)
    mine = await topic(store, here)
    asked: list[tuple[str, Any]] = []

    @event.listens_for(store.database.engine.sync_engine, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.startswith(("SELECT deliveries", "UPDATE deliveries")) and "json_each" in statement:
            asked.append((statement, parameters))

    ids = await queue(store, here, mine, paper(1), paper(2))
    assert await store.digests.plan(plan(here, ids), NOON)
    assert len(asked) == 3  # what waits, what was dropped, what a digest takes
    async with store.database.read() as connection:
        for statement, parameters in asked:
            steps = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            (step,) = [row.detail for row in steps if " deliveries" in row.detail]
            assert re.search(r"\(channel_id=\? AND paper_id=\?\)|PRIMARY KEY \(rowid=\?\)", step), step
    await store.close()


async def test_an_instant_match_makes_its_channel_due_at_once(store: SqlStore) -> None:
    here = await channel(store, next_digest_at=TOMORROW)
    mine = await topic(store, here)
    await queue(store, here, mine, paper(1))
    assert await store.digests.due(NOON, 10) == []
    await queue(store, here, mine, paper(2), instant=True)
    (due,) = await store.digests.due(NOON, 10)
    assert (due.id, due.instant_at) == (here.id, NOON)
    assert await store.digests.plan(plan(due, [paper(2).id], next_digest_at=TOMORROW), NOON)
    assert await store.digests.due(NOON, 10) == []
    assert [one.paper.id for one in await store.digests.waiting(here.id)] == [paper(1).id]


async def test_instant_papers_that_must_wait_are_due_when_the_wait_ends(store: SqlStore) -> None:
    here = await channel(store, next_digest_at=None)
    mine = await topic(store, here)
    await queue(store, here, mine, paper(1), instant=True)
    held = DigestPlan(channel_id=here.id, expected_next=None, next_digest_at=None, instant_not_before=LATER)
    assert await store.digests.plan(held, NOON)
    assert await store.digests.due(LATER - timedelta(seconds=1), 10) == []
    assert [one.id for one in await store.digests.due(LATER, 10)] == [here.id]


async def test_channels_are_due_when_their_time_has_come_and_nothing_stops_them(store: SqlStore) -> None:
    due, later, paused, broken = [
        await channel(store, name, next_digest_at=TOMORROW if name == "later" else NOON)
        for name in ("due", "later", "paused", "broken")
    ]
    await store.channels.pause(paused.id, reason="", until=None)
    await store.channels.break_channels(broken.address, "gone", whole_workspace=False)
    assert [one.id for one in await store.digests.due(NOON, 10)] == [due.id]
    assert await store.digests.due(NOON - timedelta(seconds=1), 10) == []
    assert [one.id for one in await store.digests.due(TOMORROW, 10)] == [due.id, later.id]
    assert [one.id for one in await store.digests.due(TOMORROW, 1)] == [due.id]


async def test_a_digest_is_stored_with_its_posts_and_its_papers(store: SqlStore) -> None:
    here = await channel(store)
    mine, yours = await topic(store, here, "a"), await topic(store, here, "b")
    ids = await queue(store, here, mine, *(paper(number) for number in range(1, 6)))
    await store.digests.record_matches({}, [match(here, ids[1], yours)], NOON)
    made = plan(here, ids, per_message=2, shown=3, style=Style.COMPACT)
    assert await store.digests.plan(made, NOON)
    assert await store.digests.waiting(here.id) == []
    assert (await store.channels.get([here.id]))[here.id].next_digest_at == TOMORROW
    first = await lease_one(store)
    assert first.content == DigestPart(paper_ids=(ids[0], ids[1]), first=1, part=1, parts=2)
    assert first.digest_id is not None
    assert made.digest is not None
    assert await store.digests.digests([first.digest_id, 999]) == {
        first.digest_id: replace(made.digest, id=first.digest_id)
    }
    assert [one.id for one in await store.digests.hidden(first.digest_id)] == [ids[3], ids[4]]
    topics = await store.digests.topics_of([first.digest_id])
    assert topics == {first.digest_id: {one: ("a", "b") if one == ids[1] else ("a",) for one in ids}}
    topics = await store.digests.topics_of([first.digest_id], shown=True)
    assert topics == {first.digest_id: {ids[0]: ("a",), ids[1]: ("a", "b"), ids[2]: ("a",)}}
    await sent(store, first)
    second = await lease_one(store)
    assert second.content == DigestPart(paper_ids=(ids[2],), first=3, part=2, parts=2)
    assert await store.posts.open_in(here.id) == 1


async def test_a_reply_learns_the_id_of_its_parent(store: SqlStore) -> None:
    here = await channel(store)
    ids = await queue(store, here, await topic(store, here), paper(1), paper(2))
    made = plan(here, ids, style=Style.THREADS)
    head = replace(made.posts[0], delivers=())
    replies = tuple(PlannedPost(content=PaperReply(paper_id=one), delivers=(one,), reply_to=0) for one in ids)
    assert await store.digests.plan(replace(made, posts=(head, *replies)), NOON)
    parent = await lease_one(store)
    assert parent.parent_remote_id is None
    await sent(store, parent, remote_id="1712.0001")
    assert await store.digests.history(here.id, 10) == []
    for one in ids:
        reply = await lease_one(store)
        assert (reply.content, reply.parent_remote_id) == (PaperReply(paper_id=one), "1712.0001")
        await sent(store, reply)
    assert {posted.paper.id for posted in await store.digests.history(here.id, 10)} == set(ids)


async def test_a_plan_that_comes_second_stores_nothing(store: SqlStore) -> None:
    here = await channel(store)
    ids = await queue(store, here, await topic(store, here), paper(1), paper(2))
    assert await store.digests.plan(plan(here, ids[:1]), NOON)
    assert not await store.digests.plan(plan(here, ids), NOON)
    assert await store.posts.open_in(here.id) == 1
    assert [one.paper.id for one in await store.digests.waiting(here.id)] == ids[1:]


async def test_a_plan_with_a_paper_that_was_taken_stores_nothing(store: SqlStore) -> None:
    here = await channel(store, next_digest_at=None)
    ids = await queue(store, here, await topic(store, here), paper(1), paper(2))
    assert await store.digests.plan(plan(here, ids[:1], next_digest_at=None), NOON)
    assert not await store.digests.plan(plan(here, ids, next_digest_at=None), NOON)
    assert await store.posts.counts() == {**dict.fromkeys(PostState, 0), PostState.PENDING: 1}
    assert [one.paper.id for one in await store.digests.waiting(here.id)] == ids[1:]


async def test_a_plan_for_a_channel_that_is_gone_stores_nothing(store: SqlStore) -> None:
    here = await channel(store)
    assert not await store.digests.plan(replace(plan(here, []), channel_id=999, digest=None), NOON)


async def test_of_planners_at_once_one_wins(database_url: str) -> None:
    stores = [SqlStore(database_url) for _ in range(4)]
    papers = [paper(number) for number in range(1, 11)]
    for round_number, next_digest_at in enumerate([NOON, None, NOON, None]):
        here = await channel(stores[0], str(round_number), next_digest_at=next_digest_at)
        ids = await queue(stores[0], here, await topic(stores[0], here), *papers)
        plans = [plan(here, ids if place % 2 else ids[::-1], next_digest_at=None) for place in range(4)]
        results = await asyncio.gather(
            *(store.digests.plan(one, NOON) for store, one in zip(stores, plans, strict=True))
        )
        assert sorted(results) == [False, False, False, True]
        assert await stores[0].posts.open_in(here.id) == 1
    for store in stores:
        await store.close()


async def test_a_plan_without_a_digest_moves_the_channel_on(store: SqlStore) -> None:
    here = await channel(store)
    await queue(store, here, await topic(store, here), paper(1))
    moving = DigestPlan(channel_id=here.id, expected_next=NOON, next_digest_at=TOMORROW)
    assert await store.digests.plan(moving, NOON)
    assert not await store.digests.plan(moving, NOON)
    assert (await store.channels.get([here.id]))[here.id].next_digest_at == TOMORROW
    assert len(await store.digests.waiting(here.id)) == 1
    assert await store.posts.open_in(here.id) == 0


async def test_history_shows_what_was_posted_latest_first(store: SqlStore) -> None:
    here = await channel(store)
    mine = await topic(store, here)
    first = await queue(store, here, mine, paper(1), paper(2))
    assert await store.digests.plan(plan(here, first), NOON)
    await sent(store, await lease_one(store), at=NOON)
    second = await queue(store, here, mine, paper(3))
    moved = (await store.channels.get([here.id]))[here.id]
    assert await store.digests.plan(plan(moved, second), LATER)
    assert [one.paper.id for one in await store.digests.history(here.id, 10)] == first
    await sent(store, (await lease(store, LATER))[0], at=LATER)
    history = await store.digests.history(here.id, 10)
    assert [(one.paper.id, one.posted_at, one.topics) for one in history] == [
        (paper(3).id, LATER, ("diffusion",)),
        (paper(1).id, NOON, ("diffusion",)),
        (paper(2).id, NOON, ("diffusion",)),
    ]
    assert await store.digests.history(here.id, 1) == history[:1]


async def test_a_posted_paper_is_never_queued_again(store: SqlStore) -> None:
    here = await channel(store)
    mine = await topic(store, here)
    ids = await queue(store, here, mine, paper(1))
    assert await store.digests.plan(plan(here, ids), NOON)
    # Matched again while its post is in the outbox, and once more after it was sent.
    assert await store.digests.record_matches({}, [match(here, ids[0], mine, instant=True)], NOON) == []
    await sent(store, await lease_one(store))
    assert await store.digests.record_matches({}, [match(here, ids[0], mine, instant=True)], NOON) == []
    assert await store.digests.waiting(here.id) == []
    assert await store.digests.due(NOON, 10) == []


async def test_a_rejected_message_drops_its_papers(store: SqlStore) -> None:
    here = await channel(store)
    mine = await topic(store, here)
    ids = await queue(store, here, mine, paper(1))
    assert await store.digests.plan(plan(here, ids), NOON)
    post = await lease_one(store)
    assert await store.posts.settle(Settlement(post=post, state=PostState.FAILED, at=NOON, error="too long"))
    assert await store.digests.history(here.id, 10) == []
    assert await store.digests.delivered_ids(here.id, ids) == set()
    assert await store.posts.last_error(here.id) == "too long"


async def test_what_is_delivered_or_waits_is_known_by_channel(store: SqlStore) -> None:
    here, there = await channel(store), await channel(store, "there")
    await queue(store, here, await topic(store, here), paper(1))
    assert await store.digests.delivered_ids(here.id, [paper(1).id, paper(2).id]) == {paper(1).id}
    assert await store.digests.delivered_ids(there.id, [paper(1).id]) == set()
    assert await store.digests.delivered_ids(here.id, []) == set()


async def test_every_kind_of_digest_can_be_stored(store: SqlStore) -> None:
    for kind in DigestKind:
        here = await channel(store, kind.value)
        ids = await queue(store, here, await topic(store, here), paper(1))
        made = plan(here, ids)
        assert made.digest is not None
        assert await store.digests.plan(replace(made, digest=replace(made.digest, kind=kind)), NOON)
    kinds = await store.digests.digests([post.digest_id or 0 for post in await lease(store)])
    assert {digest.kind for digest in kinds.values()} == set(DigestKind)
    assert {digest.day for digest in kinds.values()} == {TODAY}


async def test_what_was_matched_for_a_time_goes_out_at_once_where_the_channel_has_none_any_more(
    store: SqlStore,
) -> None:
    here = await channel(store, next_digest_at=None)
    await queue(store, here, await topic(store, here), paper(1))
    (due,) = await store.digests.due(NOON, 10)
    assert due.id == here.id
