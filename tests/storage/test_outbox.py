"""The outbox: one post of a channel in flight, in order, and nobody writes about a post that others hold."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from bot.channels.channel import PlatformName, Style
from bot.digests.content import DigestPart, PaperReply, SharedPaper
from bot.digests.digest import PlannedPost
from bot.posting.post import HOLDS_UP_FOR, Begun, LookUps, Post, PostState, Priority, Settlement
from bot.posting.rooms import Rooms
from storage.store import SqlStore
from storage.tables.posts import POSTS
from tests.clocks import NOON
from tests.databases import SQLITE_IS_ENOUGH
from tests.platforms import SimulatedPlatform
from tests.storage.scenes import (
    EVERYWHERE,
    LEASE,
    channel,
    lease,
    lease_one,
    listed,
    match,
    paper,
    plan,
    posts,
    queue,
    sent,
    topic,
)

SECOND = timedelta(seconds=1)
LATER = NOON + timedelta(minutes=5)


async def settle(store: SqlStore, post: Post, state: PostState, at: datetime = NOON, **what: object) -> bool:
    return await store.posts.settle(Settlement(post=post, state=state, at=at, **what))  # type: ignore[arg-type]


async def look(store: SqlStore, now: datetime) -> list[Post]:
    return await store.posts.lease_unknown(EVERYWHERE, now=now, until=now + LEASE, limit=10)


def papers_of(post: Post) -> tuple[str, ...]:
    assert isinstance(post.content, DigestPart)
    return post.content.paper_ids


async def counted(store: SqlStore) -> dict[PostState, int]:
    return {state: number for state, number in (await store.posts.counts()).items() if number}


async def test_a_post_is_leased_as_it_was_added(store: SqlStore) -> None:
    here = await channel(store)
    content = SharedPaper(paper_id="2605.00001", shared_by="ada")
    added = await store.posts.add(here.id, content, NOON)
    post = await lease_one(store)
    assert (post.id, post.channel_id, post.digest_id, post.content) == (added, here.id, None, content)
    assert (post.attempts, post.look_ups.count, post.first_attempt_at, post.parent_remote_id) == (0, 0, None, None)
    assert post.lease
    assert 0 < len(post.key) <= 25
    assert await lease(store) == []


async def test_a_channel_has_one_post_in_flight_and_its_order_holds(store: SqlStore) -> None:
    here, there = await channel(store, "here"), await channel(store, "there")
    mine, theirs = await posts(store, here, 3), await posts(store, there, 2)
    first = await lease(store)
    assert {post.id for post in first} == {mine[0], theirs[0]}
    assert await lease(store) == []
    await sent(store, first[0])
    assert [post.id for post in await lease(store)] == [mine[1]]
    assert await store.posts.open_in(here.id) == 2
    assert await counted(store) == {PostState.LEASED: 2, PostState.PENDING: 2, PostState.SENT: 1}


async def test_a_post_that_must_wait_holds_up_its_channel_alone(store: SqlStore) -> None:
    here, there = await channel(store, "here"), await channel(store, "there")
    mine, theirs = await posts(store, here, 2), await posts(store, there, 2)
    one, other = await lease(store)
    await store.posts.begin(one, now=NOON, until=NOON + LEASE)
    assert await settle(store, one, PostState.PENDING, due_at=LATER, error="slow down")
    await sent(store, other)
    assert [post.id for post in await lease(store)] == [theirs[1]]
    assert [post.id for post in await lease(store, LATER)] == [mine[0]]


async def test_a_channel_is_left_alone_until_its_time(store: SqlStore) -> None:
    here, there = await channel(store, "here"), await channel(store, "there")
    await posts(store, here, 2)
    post = await lease_one(store)
    assert await settle(store, post, PostState.SENT, remote_id="1", channel_after=NOON + SECOND)
    theirs = await posts(store, there, 1)
    assert [post.id for post in await lease(store)] == theirs
    assert [post.channel_id for post in await lease(store, NOON + SECOND)] == [here.id]


async def test_a_resumed_channel_need_not_wait(store: SqlStore) -> None:
    here = await channel(store)
    await posts(store, here, 2)
    post = await lease_one(store)
    assert await settle(store, post, PostState.SENT, remote_id="1", channel_after=LATER)
    await store.channels.pause(here.id, reason="", until=None)
    await store.channels.resume(here.id, lambda _: None)
    assert len(await lease(store)) == 1


async def test_channels_that_are_stopped_keep_their_posts(store: SqlStore) -> None:
    paused, broken = await channel(store, "paused"), await channel(store, "broken")
    await posts(store, paused)
    await posts(store, broken)
    await store.channels.pause(paused.id, reason="", until=None)
    await store.channels.break_channels(broken.address, "gone", whole_workspace=False)
    assert await lease(store) == []
    for one in (paused, broken):
        await store.channels.resume(one.id, lambda _: None)
    assert {post.channel_id for post in await lease(store)} == {paused.id, broken.id}


async def test_only_posts_of_the_named_platforms_are_leased(store: SqlStore) -> None:
    on_slack = await channel(store, platform=PlatformName.SLACK)
    on_web = await channel(store, platform=PlatformName.WEB)
    await posts(store, on_slack)
    await posts(store, on_web)
    for platforms, expected in (([], set()), ([PlatformName.WEB], {on_web.id}), (EVERYWHERE, {on_slack.id})):
        leased = await store.posts.lease(platforms, now=NOON, until=NOON + LEASE, limit=10)
        assert {post.channel_id for post in leased} == expected


async def test_the_longest_due_posts_go_first_and_no_more_than_asked_for(store: SqlStore) -> None:
    for number in range(5):
        await posts(store, await channel(store, str(number)), now=NOON - number * SECOND)
    await posts(store, await channel(store, "not yet"), now=NOON + SECOND)
    first, second = await lease(store, limit=2), await lease(store, limit=10)
    assert [post.channel_id for post in first] == [5, 4]
    assert [post.channel_id for post in second] == [3, 2, 1]


async def test_what_people_wait_for_goes_before_digests_also_in_their_channel(store: SqlStore) -> None:
    digested, asking = await channel(store, "digested"), await channel(store, "asking")
    for one in (digested, asking):
        await queue(store, one, await topic(store, one), paper(1))
        assert await store.digests.plan(replace(plan(one, ["2605.00001"]), post_at=LATER), NOON)
    assert await lease(store) == []  # they are spread over some minutes
    shared = await posts(store, asking, now=NOON + SECOND)
    digest = await lease_one(store, NOON + SECOND)
    assert (digest.channel_id, papers_of(digest)) == (asking.id, ("2605.00001",))
    assert await settle(store, digest, PostState.SENT, remote_id="1")
    answer, other = await lease(store, LATER)
    assert ([answer.id], other.channel_id) == (shared, digested.id)


async def test_digests_are_left_where_only_what_people_wait_for_has_a_place(store: SqlStore) -> None:
    digested, asking = await channel(store, "digested"), await channel(store, "asking")
    await queue(store, digested, await topic(store, digested), paper(1))
    assert await store.digests.plan(plan(digested, ["2605.00001"]), NOON)
    await posts(store, asking, now=NOON + SECOND)
    given: dict[str, Any] = {"now": LATER, "until": LATER + LEASE, "limit": 10}
    (post,) = await store.posts.lease(EVERYWHERE, **given, least=Priority.AWAITED)
    assert post.channel_id == asking.id


async def test_an_account_gets_no_more_than_it_has_room_for_and_others_get_its_places(store: SqlStore) -> None:
    platform = SimulatedPlatform(PlatformName.SLACK)
    platform.rooms = {"T1": 2}
    crowded = [await channel(store, f"crowded-{number}") for number in range(6)]
    roomy = [await channel(store, f"roomy-{number}", workspace="T2") for number in range(2)]
    for number, one in enumerate([*crowded, *roomy]):
        await posts(store, one, now=NOON + number * SECOND)
    rooms = Rooms({PlatformName.SLACK: platform})
    given: dict[str, Any] = {"now": LATER, "until": LATER + LEASE, "limit": 5, "rooms": rooms}
    leased = await store.posts.lease([PlatformName.SLACK], **given)
    assert [post.channel_id for post in leased] == [crowded[0].id, crowded[1].id, roomy[0].id, roomy[1].id]
    for one in crowded[:2]:
        rooms.enter(one.address)
    assert await store.posts.lease([PlatformName.SLACK], **given) == []
    rooms.leave(crowded[0].address)
    assert [post.channel_id for post in await store.posts.lease([PlatformName.SLACK], **given)] == [crowded[2].id]


async def test_an_attempt_is_on_record_before_the_request_leaves(store: SqlStore, database_url: str) -> None:
    await posts(store, await channel(store))
    post = await lease_one(store)
    assert await store.posts.begin(post, now=NOON + SECOND, until=NOON + SECOND + LEASE)
    # Another process finds it, as it would after this one was killed while sending.
    other = SqlStore(database_url)
    assert await other.posts.expire(NOON + LEASE) == 0  # the attempt holds the post for the time of a request
    assert await other.posts.expire(NOON + SECOND + LEASE) == 1
    (unknown,) = await look(other, NOON + SECOND + LEASE)
    assert (unknown.id, unknown.key, unknown.attempts, unknown.first_attempt_at) == (
        post.id,
        post.key,
        1,
        NOON + SECOND,
    )
    await other.close()


async def test_leases_that_run_out_are_pending_if_untried_and_unknown_if_tried(store: SqlStore) -> None:
    tried, untried = await channel(store, "tried"), await channel(store, "untried")
    await posts(store, tried)
    await posts(store, untried)
    first, _ = await lease(store)
    await store.posts.begin(first, now=NOON, until=NOON + LEASE)
    assert await store.posts.expire(NOON + LEASE - SECOND) == 0
    assert await store.posts.expire(NOON + LEASE) == 2
    assert await counted(store) == {PostState.UNKNOWN: 1, PostState.PENDING: 1}
    assert await store.posts.last_error(tried.id) == "interrupted while sending"
    assert await store.posts.last_error(untried.id) == ""
    assert [post.channel_id for post in await lease(store, NOON + LEASE)] == [untried.id]
    assert await store.posts.expire(NOON + LEASE) == 0


async def test_a_second_try_that_never_left_is_pending_again(store: SqlStore) -> None:
    await posts(store, await channel(store))
    first = await lease_one(store)
    await store.posts.begin(first, now=NOON, until=NOON + LEASE)
    assert await settle(store, first, PostState.PENDING, due_at=NOON, error="not now")
    await lease_one(store)
    await store.posts.expire(NOON + LEASE)
    assert await counted(store) == {PostState.PENDING: 1}


async def test_a_worker_that_lost_its_lease_writes_nothing(store: SqlStore) -> None:
    here = await channel(store)
    await posts(store, here, 2)
    paused = await lease_one(store)
    await store.posts.expire(NOON + LEASE)
    current = await lease_one(store, NOON + LEASE)
    assert current.id == paused.id
    assert current.lease != paused.lease
    assert not await store.posts.begin(paused, now=NOON + LEASE, until=NOON + LEASE + LEASE)
    for state in PostState:
        late = Settlement(post=paused, state=state, at=LATER, remote_id="late", error="late", channel_after=LATER)
        assert not await store.posts.settle(late)
    assert await counted(store) == {PostState.LEASED: 1, PostState.PENDING: 1}
    assert await store.posts.last_error(here.id) == ""
    await sent(store, current, at=NOON + LEASE)
    assert not await store.posts.begin(current, now=NOON + LEASE, until=NOON + LEASE + LEASE)
    assert not await settle(store, current, PostState.PENDING, due_at=NOON)
    assert await counted(store) == {PostState.SENT: 1, PostState.PENDING: 1}


async def test_nothing_leaves_after_the_lease_ended_even_if_nobody_freed_it_yet(store: SqlStore) -> None:
    await posts(store, await channel(store))
    post = await lease_one(store)
    assert not await store.posts.begin(post, now=NOON + LEASE, until=NOON + LEASE + LEASE)
    assert await store.posts.begin(post, now=NOON + LEASE - SECOND, until=NOON + LEASE - SECOND + LEASE)


async def test_an_outcome_counts_until_somebody_frees_the_post(store: SqlStore) -> None:
    await posts(store, await channel(store))
    post = await lease_one(store)
    await store.posts.begin(post, now=NOON, until=NOON + LEASE)
    assert await settle(store, post, PostState.SENT, at=NOON + 2 * LEASE, remote_id="1")


async def test_a_retry_keeps_count_and_the_time_of_the_first_attempt(store: SqlStore) -> None:
    here = await channel(store)
    await posts(store, here)
    now = NOON
    for attempt in range(3):
        post = await lease_one(store, now)
        assert post.attempts == attempt
        assert post.first_attempt_at == (None if attempt == 0 else NOON)
        assert await store.posts.begin(post, now=now, until=now + LEASE)
        now += timedelta(seconds=20)
        assert await settle(store, post, PostState.PENDING, at=now, due_at=now, error="x" * 1000)
    assert await store.posts.last_error(here.id) == "x" * 500


async def test_a_look_for_a_message_goes_back_to_before_the_request_left(store: SqlStore) -> None:
    await posts(store, await channel(store))
    post = await lease_one(store)
    await store.posts.begin(post, now=NOON, until=NOON + LEASE)
    given_up = NOON + timedelta(seconds=30)
    assert await settle(store, post, PostState.UNKNOWN, at=given_up, due_at=given_up, error="no answer")
    (unknown,) = await look(store, given_up)
    assert unknown.first_attempt_at == NOON


async def test_it_is_known_whether_anything_has_come_into_a_channel_since_then(store: SqlStore) -> None:
    here, there = await channel(store, "here"), await channel(store, "there")
    await posts(store, here, 2)
    assert not await store.posts.has_sent(here.id, NOON)
    post = await lease_one(store)
    assert await store.posts.begin(post, now=NOON, until=NOON + LEASE)
    assert not await store.posts.has_sent(here.id, NOON)
    assert await settle(store, post, PostState.SENT, at=NOON + SECOND, remote_id="1")
    assert await store.posts.has_sent(here.id, NOON)
    assert not await store.posts.has_sent(here.id, NOON + SECOND)  # it was sent before, and only found then
    assert not await store.posts.has_sent(there.id, NOON)
    taken_for_sent = await lease_one(store, NOON + SECOND)
    assert await store.posts.begin(taken_for_sent, now=NOON + SECOND, until=LATER)
    assert await settle(store, taken_for_sent, PostState.SENT, at=LATER)
    assert not await store.posts.has_sent(here.id, NOON + SECOND)


async def test_a_fresh_start_forgets_the_attempts(store: SqlStore) -> None:
    await posts(store, await channel(store))
    post = await lease_one(store)
    await store.posts.begin(post, now=NOON, until=NOON + LEASE)
    assert await settle(store, post, PostState.PENDING, due_at=NOON, error="not in channel", fresh_start=True)
    again = await lease_one(store)
    assert (again.attempts, again.first_attempt_at, again.look_ups.count) == (0, None, 0)
    assert again.key == post.key


async def test_an_unknown_post_is_looked_for_by_one_worker_and_holds_up_its_channel_for_a_minute(
    store: SqlStore,
) -> None:
    here = await channel(store)
    await posts(store, here, 2)
    post = await lease_one(store)
    await store.posts.begin(post, now=NOON, until=NOON + LEASE)
    assert await settle(store, post, PostState.UNKNOWN, due_at=NOON + 5 * SECOND, error="no answer")
    assert await lease(store, NOON + HOLDS_UP_FOR - SECOND) == []
    assert await look(store, NOON + 4 * SECOND) == []
    (unknown,) = await look(store, NOON + 5 * SECOND)
    assert unknown.id == post.id
    assert await look(store, NOON + 6 * SECOND) == []
    # The one who looked died: after the lease somebody else looks.
    (again,) = await look(store, NOON + 5 * SECOND + LEASE)
    assert not await settle(store, unknown, PostState.SENT, remote_id="late")
    assert await settle(store, again, PostState.SENT, remote_id="1")
    assert len(await lease(store, NOON + HOLDS_UP_FOR - SECOND)) == 1


async def test_a_post_that_cannot_be_found_lets_the_next_digest_pass_but_not_its_own(store: SqlStore) -> None:
    here = await channel(store)
    topic_here = await topic(store, here)
    first = await queue(store, here, topic_here, paper(1), paper(2))
    await store.digests.plan(plan(here, first, per_message=1), NOON)
    here = await store.channels.add(here.address, "", time_zone="UTC", schedule="", next_digest_at=None)
    second = await queue(store, here, topic_here, paper(3))
    await store.digests.plan(plan(here, second), NOON)
    lost = await lease_one(store)
    await store.posts.begin(lost, now=NOON, until=NOON + LEASE)
    assert await settle(store, lost, PostState.UNKNOWN, due_at=LATER, error="no answer")
    assert await lease(store, NOON + HOLDS_UP_FOR - SECOND) == []
    passing = await lease_one(store, NOON + HOLDS_UP_FOR)
    assert papers_of(passing) == ("2605.00003",)
    await sent(store, passing, at=NOON + HOLDS_UP_FOR)
    assert await lease(store, NOON + HOLDS_UP_FOR) == []
    # Once it is known not to be there, it is sent again, and then what belongs after it.
    (unknown,) = await look(store, LATER)
    assert await settle(store, unknown, PostState.PENDING, due_at=LATER)
    again = await lease_one(store, LATER)
    assert again.id == lost.id
    await sent(store, again, at=LATER)
    assert papers_of(await lease_one(store, LATER)) == ("2605.00002",)


async def passed(store: SqlStore) -> tuple[Post, Post]:
    """A post that cannot be found, and one of the next digest, which has passed it and is in flight."""
    here = await channel(store)
    topic_here = await topic(store, here)
    for number in (1, 2):
        here = await store.channels.add(here.address, "", time_zone="UTC", schedule="", next_digest_at=None)
        ids = await queue(store, here, topic_here, paper(number))
        await store.digests.plan(plan(here, ids), NOON)
    lost = await lease_one(store)
    await store.posts.begin(lost, now=NOON, until=NOON + LEASE)
    assert await settle(store, lost, PostState.UNKNOWN, due_at=LATER, error="no answer")
    return lost, await lease_one(store, LATER)


async def test_what_is_found_missing_waits_for_what_has_passed_it(store: SqlStore) -> None:
    lost, passing = await passed(store)
    (unknown,) = await look(store, LATER)
    assert await settle(store, unknown, PostState.PENDING, due_at=LATER)
    other = (await posts(store, await channel(store, "other"), now=LATER))[0]
    assert [post.id for post in await lease(store, LATER)] == [other]
    await sent(store, passing, at=LATER)
    assert (await lease_one(store, LATER)).id == lost.id


async def test_of_two_posts_of_a_channel_that_may_be_sent_the_older_one_is_taken(store: SqlStore) -> None:
    here = await channel(store)
    topic_here = await topic(store, here)
    first = await queue(store, here, topic_here, paper(1), paper(2))
    await store.digests.plan(plan(here, first, per_message=1), NOON)
    given_up = await lease_one(store)
    assert await settle(store, given_up, PostState.FAILED, error="refused")
    lost = await lease_one(store)
    await store.posts.begin(lost, now=NOON, until=NOON + LEASE)
    assert await settle(store, lost, PostState.UNKNOWN, due_at=LATER, error="no answer")
    assert await store.posts.retry([given_up.id], LATER) == 1
    (passing,) = await posts(store, here, now=NOON)
    again = await lease_one(store, LATER)
    assert again.id == given_up.id
    await sent(store, again, at=LATER)
    assert (await lease_one(store, LATER)).id == passing


async def test_of_a_post_that_is_tried_again_what_came_in_another_digest_is_left_out(store: SqlStore) -> None:
    here = await channel(store)
    topic_here, another = await topic(store, here), await topic(store, here, "study")
    elsewhere = paper(3, id="doi:10.1101/3", doi="10.1101/3", other_ids=("biorxiv:3",))
    first = await queue(store, here, topic_here, paper(1), paper(2), elsewhere)
    await store.digests.plan(plan(here, first), NOON)
    given_up = await lease_one(store)
    assert await settle(store, given_up, PostState.FAILED, error="refused")
    # One comes by another topic, and one turns out to be a paper of arXiv's.
    await store.digests.record_matches({}, [match(here, first[0], another)], NOON)
    await listed(store, paper(4, doi="10.1101/3", other_ids=("doi:10.1101/3", "biorxiv:3")))
    assert await store.papers.paper(first[2]) is not None
    assert await store.posts.retry([given_up.id], LATER) == 1
    assert papers_of(await lease_one(store, LATER)) == tuple(first[1:])


async def test_what_was_passed_is_not_taken_while_somebody_takes_what_passes_it(postgres_url: str) -> None:
    store = SqlStore(postgres_url)
    lost, passing = await passed(store)
    assert await settle(store, passing, PostState.PENDING, due_at=LATER)
    async with store.database.write() as connection:
        await connection.execute(update(POSTS).where(POSTS.c.id == passing.id).values(state="leased"))
        await settle(store, (await look(store, LATER))[0], PostState.PENDING, due_at=LATER)
        taking = asyncio.create_task(lease(store, LATER))
        async with store.database.read() as eyes:
            while not (await eyes.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted"))).scalar():
                await asyncio.sleep(0.001)
    assert await taking == []
    async with store.database.write() as connection:
        await connection.execute(update(POSTS).where(POSTS.c.id == passing.id).values(state="sent"))
    assert (await lease_one(store, LATER)).id == lost.id
    await store.close()


async def test_a_look_up_goes_on_where_it_stopped_until_the_next_request(store: SqlStore) -> None:
    await posts(store, await channel(store))
    post = await lease_one(store)
    await store.posts.begin(post, now=NOON, until=NOON + LEASE)
    looks = LookUps(count=3, cursor="dXNlcjpV", began_at=NOON + SECOND, late=True)
    assert await settle(store, post, PostState.UNKNOWN, due_at=NOON, look_ups=looks)
    (unknown,) = await look(store, NOON)
    assert (unknown.look_ups, unknown.attempt_at) == (looks, NOON)
    assert await settle(store, unknown, PostState.PENDING, due_at=NOON, look_ups=looks)
    again = await lease_one(store)
    await store.posts.begin(again, now=NOON, until=NOON + LEASE)
    await store.posts.expire(NOON + LEASE)
    (unknown,) = await look(store, NOON + LEASE)
    assert unknown.look_ups == LookUps()


@SQLITE_IS_ENOUGH
async def test_what_a_process_finds_out_counts_for_nothing_once_another_has_taken_the_post_over(
    store: SqlStore,
) -> None:
    """The one that starts looks anew, and for longer: it does not know how the request fared."""
    here = await channel(store)
    await posts(store, here, 2)
    unknown = await lease_one(store)
    await store.posts.begin(unknown, now=NOON, until=NOON + LEASE)
    assert await settle(store, unknown, PostState.UNKNOWN, due_at=NOON)
    (looked_for,) = await look(store, NOON)
    assert await store.posts.adopt(NOON + SECOND, {}) == {unknown.id}
    for state in (PostState.UNKNOWN, PostState.PENDING):
        assert not await settle(store, looked_for, state, due_at=LATER, look_ups=looked_for.look_ups)
    (again,) = await look(store, NOON + SECOND)
    assert again.attempt_at == NOON + SECOND
    assert again.look_ups.late
    assert await settle(store, again, PostState.SENT, remote_id="1")
    sending = await lease_one(store, LATER)
    await store.posts.begin(sending, now=LATER, until=LATER + LEASE)
    assert await store.posts.adopt(LATER, {}) == {sending.id}
    assert await settle(store, sending, PostState.SENT, remote_id="2"), "whoever sends knows best what came of it"


@SQLITE_IS_ENOUGH
async def test_a_request_of_another_process_is_taken_over_though_ours_for_the_same_post_came_before(
    store: SqlStore,
) -> None:
    await posts(store, await channel(store))
    ours = await lease_one(store)
    await store.posts.begin(ours, now=NOON, until=NOON + LEASE)
    begun = {ours.id: Begun(attempts=1, at=NOON)}
    assert await store.posts.adopt(NOON, begun) == frozenset()
    assert await settle(store, ours, PostState.PENDING, due_at=NOON)
    theirs = await lease_one(store, NOON + SECOND)
    await store.posts.begin(theirs, now=NOON + SECOND, until=NOON + LEASE)
    assert await store.posts.adopt(NOON + SECOND, begun) == {ours.id}


async def test_a_thread_is_folded_into_as_few_messages_as_fit(store: SqlStore) -> None:
    here = await channel(store)
    papers = await queue(store, here, await topic(store, here), *(paper(number) for number in range(1, 7)))
    part = DigestPart(paper_ids=tuple(papers), first=1, part=1, parts=1)
    replies = [PlannedPost(content=PaperReply(paper_id=one), delivers=(one,), reply_to=0) for one in papers]
    threaded = replace(plan(here, papers, style=Style.THREADS), posts=(PlannedPost(content=part), *replies))
    await store.digests.plan(threaded, NOON)
    await sent(store, await lease_one(store))
    await sent(store, await lease_one(store))
    assert await store.posts.open_in(here.id) == 5
    refused = await lease_one(store)
    assert await store.posts.fold(refused, per_message=2, abstracts=False, now=NOON)
    assert not await store.posts.fold(refused, per_message=2, abstracts=False, now=NOON)
    for expected in (papers[1:3], papers[3:5], papers[5:]):
        post = await lease_one(store)
        assert (papers_of(post), post.parent_remote_id, post.attempts) == (tuple(expected), None, 0)
        await sent(store, post)
    assert await counted(store) == {PostState.SENT: 5}
    assert {one.paper.id for one in await store.digests.history(here.id, 10)} == set(papers)


async def test_look_ups_are_counted_until_the_next_attempt(store: SqlStore) -> None:
    await posts(store, await channel(store))
    post = await lease_one(store)
    await store.posts.begin(post, now=NOON, until=NOON + LEASE)
    assert await settle(store, post, PostState.UNKNOWN, due_at=NOON)
    for look_ups in range(2):
        (unknown,) = await look(store, NOON)
        assert (unknown.look_ups.count, unknown.attempts) == (look_ups, 1)
        assert await settle(store, unknown, PostState.UNKNOWN, due_at=NOON, look_ups=LookUps(count=look_ups + 1))
    (unknown,) = await look(store, NOON)
    assert await settle(store, unknown, PostState.PENDING, due_at=NOON, look_ups=LookUps(count=3))
    again = await lease_one(store)
    assert (again.look_ups.count, again.attempts) == (3, 1)
    await store.posts.begin(again, now=NOON, until=NOON + LEASE)
    # A crash in the next attempt: what was looked for before says nothing about this request.
    await store.posts.expire(NOON + LEASE)
    (unknown,) = await look(store, NOON + LEASE)
    assert (unknown.look_ups.count, unknown.attempts) == (0, 2)


async def test_unknown_posts_of_stopped_channels_and_other_platforms_are_not_looked_for(store: SqlStore) -> None:
    here = await channel(store)
    await posts(store, here)
    post = await lease_one(store)
    assert await settle(store, post, PostState.UNKNOWN, due_at=NOON)
    assert await store.posts.lease_unknown([PlatformName.WEB], now=NOON, until=LATER, limit=10) == []
    assert await store.posts.lease_unknown(EVERYWHERE, now=NOON, until=LATER, limit=0) == []
    await store.channels.pause(here.id, reason="", until=None)
    assert await look(store, NOON) == []
    await store.channels.resume(here.id, lambda _: None)
    assert [one.id for one in await look(store, NOON)] == [post.id]


async def test_a_failed_post_lets_the_next_one_go(store: SqlStore) -> None:
    here = await channel(store)
    _, second = await posts(store, here, 2)
    assert await settle(store, await lease_one(store), PostState.FAILED, error="too long")
    assert (await lease_one(store)).id == second
    assert await store.posts.last_error(here.id) == "too long"


async def test_a_success_ends_the_talk_of_an_error(store: SqlStore) -> None:
    here = await channel(store)
    await posts(store, here)
    assert await settle(store, await lease_one(store), PostState.PENDING, due_at=NOON, error="slow down")
    await sent(store, await lease_one(store))
    assert await store.posts.last_error(here.id) == ""


async def test_a_settlement_that_says_no_time_keeps_the_old_one(store: SqlStore) -> None:
    await posts(store, await channel(store))
    assert await settle(store, await lease_one(store), PostState.PENDING)
    assert len(await lease(store)) == 1


async def test_many_posts_begin_and_settle_at_once(store: SqlStore) -> None:
    for number in range(60):
        await posts(store, await channel(store, str(number)))
    leased = await lease(store, limit=200)
    assert len(leased) == 60
    stolen = {post.id for post in leased[::7]}
    mine = [replace(post, lease="somebody else's") if post.id in stolen else post for post in leased]
    began = await asyncio.gather(*(store.posts.begin(post, now=NOON, until=NOON + LEASE) for post in mine))
    assert began == [post.id not in stolen for post in leased]
    settled = await asyncio.gather(*(settle(store, post, PostState.SENT, remote_id=str(post.id)) for post in mine))
    assert settled == began
    assert await counted(store) == {PostState.SENT: 60 - len(stolen), PostState.LEASED: len(stolen)}


async def test_whoever_stops_waiting_for_a_write_stops_nobody_else(store: SqlStore) -> None:
    for number in range(20):
        await posts(store, await channel(store, str(number)))
    leased = await lease(store)
    settling = [asyncio.create_task(settle(store, post, PostState.SENT, remote_id="1")) for post in leased]
    await asyncio.sleep(0)
    for task in settling[::3]:
        task.cancel()
    results = await asyncio.gather(*settling, return_exceptions=True)
    assert all(result is True for place, result in enumerate(results) if place % 3)
    assert all(isinstance(result, asyncio.CancelledError) for result in results[::3])
    assert (await counted(store)).get(PostState.LEASED, 0) <= len(settling[::3])


async def test_a_settlement_that_cannot_be_written_fails_alone(store: SqlStore) -> None:
    for number in range(9):
        await posts(store, await channel(store, str(number)))
    leased = await lease(store)
    settlements = [Settlement(post=post, state=PostState.SENT, at=NOON, remote_id="1") for post in leased]
    without_time_zone = NOON.replace(tzinfo=None)
    settlements[4] = replace(settlements[4], due_at=without_time_zone)
    results = await asyncio.gather(*(store.posts.settle(one) for one in settlements), return_exceptions=True)
    failed = results.pop(4)
    assert isinstance(failed, Exception)
    assert "timezone" in str(failed)
    assert results == [True] * 8
    assert await counted(store) == {PostState.SENT: 8, PostState.LEASED: 1}


async def test_the_database_itself_refuses_a_second_post_in_flight(store: SqlStore) -> None:
    here = await channel(store)
    await posts(store, here, 2)
    with pytest.raises(IntegrityError):
        async with store.database.write() as connection:
            await connection.execute(POSTS.update().values(state=PostState.LEASED))
    assert await counted(store) == {PostState.PENDING: 2}


async def test_the_latest_digests_say_what_became_of_their_messages(store: SqlStore) -> None:
    here, elsewhere = await channel(store), await channel(store, "other")
    subscribed = await topic(store, here)
    ids = await queue(store, here, subscribed, *(paper(number) for number in range(1, 4)))
    await store.digests.plan(plan(here, ids, per_message=1), NOON)
    assert [record.posts for record in await store.posts.latest_digests(here.id, 5)] == [{PostState.PENDING: 3}]
    await sent(store, await lease_one(store), at=NOON + SECOND)
    failing = await lease_one(store)
    await store.posts.begin(failing, now=NOON, until=NOON + LEASE)
    await settle(store, failing, PostState.FAILED, error="too long")
    (record,) = await store.posts.latest_digests(here.id, 5)
    assert (record.digest.total, record.planned_at, record.posted_at) == (3, NOON, NOON + SECOND)
    assert record.posts == {PostState.SENT: 1, PostState.FAILED: 1, PostState.PENDING: 1}
    assert record.error == "too long"
    assert await store.posts.latest_digests(here.id, 0) == []
    assert await store.posts.latest_digests(elsewhere.id, 5) == []


async def test_the_messages_that_show_a_paper_are_those_that_delivered_or_shared_it(store: SqlStore) -> None:
    here, elsewhere = await channel(store), await channel(store, "other")
    ids = await queue(store, here, await topic(store, here), paper(1), paper(2))
    await store.digests.plan(plan(here, ids, per_message=1), NOON)
    await sent(store, await lease_one(store), remote_id="first")
    await sent(store, await lease_one(store), remote_id="second")
    for place in (here, elsewhere):
        await store.posts.add(place.id, SharedPaper(paper_id=ids[0], shared_by="ada"), NOON)
    shared = {post.channel_id: post for post in await lease(store)}
    assert [one.remote_id for one in await store.posts.showing(here.id, ids[0])] == ["first"]
    await sent(store, shared[here.id], remote_id="shared")
    await sent(store, shared[elsewhere.id], remote_id="shared elsewhere")
    assert [one.remote_id for one in await store.posts.showing(here.id, ids[0])] == ["shared", "first"]
    assert [one.remote_id for one in await store.posts.showing(here.id, ids[1])] == ["second"]
    assert [one.remote_id for one in await store.posts.showing(elsewhere.id, ids[0])] == ["shared elsewhere"]
