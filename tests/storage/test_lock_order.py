"""Writers that meet: two transactions about one channel, one of which is stopped after each of its statements, never
wait for each other in a circle."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
from typing import Any

import asyncpg
import pytest
from sqlalchemy import event, text

from bot.channels.channel import Channel
from bot.digests.content import SharedPaper
from bot.digests.digest import DigestKind, DigestPlan
from bot.errors import UserError
from bot.mail.recipients import Ended
from bot.papers.paper import Paper
from bot.platforms.outcomes import Gone, GoneScope
from bot.posting.post import Post, PostState, Settlement
from bot.topics.store import TopicOptions
from bot.topics.subscription import Subscription
from storage.database import conflicts
from storage.store import SqlStore
from tests.clocks import NOON
from tests.patience import PATIENCE
from tests.processes import Process
from tests.recipients import a_recipient
from tests.storage.scenes import LEASE, channel, lease, listed, match, paper, plan, topic
from tests.thorough import THOROUGH

STEPS = 3_000
LATER = NOON + timedelta(hours=1)


@dataclass(frozen=True)
class Scene:
    """Two channels of a workspace: a post is on its way to the first, others wait there, and a paper waits for a
    digest; somebody follows it by mail. One of the papers has a feed as well, under a name of its own."""

    here: Channel
    there: Channel
    topic: Subscription
    post: Post
    mail: str
    number: int


async def scene(store: SqlStore, number: int) -> Scene:
    workspace = f"T{number}"
    here = await channel(store, f"here-{number}", workspace=workspace)
    there = await channel(store, f"there-{number}", workspace=workspace)
    topics = [await topic(store, one) for one in (here, there)]
    await store.posts.add(here.id, SharedPaper(paper_id=paper(1).id, shared_by="ada"), NOON)
    (post,) = [one for one in await lease(store) if one.channel_id == here.id]
    assert await store.posts.begin(post, now=NOON, until=NOON + LEASE)
    waiting = [
        match(one, paper(number).id, subscription)
        for one, subscription in zip((here, there), topics, strict=True)
        for number in (1, 2)
    ]
    await store.digests.record_matches({}, waiting, NOON)
    await listed(store, in_a_feed(number))
    await store.digests.record_matches({}, [match(here, in_a_feed(number).id, topics[0])], NOON)
    both = [paper(1).id, in_a_feed(number).id]
    assert await store.digests.plan(plan(here, both, per_message=1, next_digest_at=NOON), NOON)
    recipient = replace(a_recipient(here), key=f"{number:016}", email=f"me{number}@lab.example")
    await store.recipients.ask(recipient, NOON)
    return Scene(here, there, topics[0], post, recipient.key, number)


def in_a_feed(number: int) -> Paper:
    return paper(1, id=f"feed:{number:020}")


def at_once(here: Channel) -> DigestPlan:
    made = plan(here, [paper(2).id])
    assert made.digest is not None
    return replace(made, digest=replace(made.digest, kind=DigestKind.INSTANT))


def stopped(scene: Scene) -> Settlement:
    return Settlement(post=scene.post, state=PostState.PENDING, at=NOON, due_at=NOON, error="gone")


Writer = Callable[[SqlStore, Scene], Awaitable[object]]
WRITERS: dict[str, Writer] = {
    "settles": lambda store, scene: store.posts.settle(
        Settlement(post=scene.post, state=PostState.SENT, at=NOON, remote_id="r1", channel_after=LATER)
    ),
    "stops a channel": lambda store, scene: store.posts.stop(stopped(scene), scene.here.address, Gone("gone")),
    "stops a workspace": lambda store, scene: store.posts.stop(
        stopped(scene), scene.here.address, Gone("gone", GoneScope.WORKSPACE)
    ),
    "begins": lambda store, scene: store.posts.begin(scene.post, now=NOON, until=LATER),
    "leases": lambda store, _: lease(store, LATER),
    "expires": lambda store, _: store.posts.expire(LATER),
    "plans": lambda store, scene: store.digests.plan(at_once(scene.here), NOON),
    "matches": lambda store, scene: store.digests.record_matches(
        {}, [match(scene.here, paper(number).id, scene.topic, instant=True) for number in (2, 3)], NOON
    ),
    "shares": lambda store, scene: store.posts.share(
        scene.here.id, SharedPaper(paper_id=paper(3).id, shared_by="bob"), now=NOON, since=NOON
    ),
    "renames": lambda store, scene: store.channels.rename(scene.here.id, f"renamed-{scene.number}"),
    "deletes": lambda store, scene: store.channels.delete(scene.here.id, NOON),
    "resumes": lambda store, scene: store.channels.resume_all([scene.there.id, scene.here.id], lambda _: LATER),
    "leaves": lambda store, scene: store.channels.leave_workspace(scene.here.address, "left", NOON),
    "changes": lambda store, scene: store.channels.change(scene.here.id, lambda one: one, NOON),
    "asks for mail": lambda store, scene: store.recipients.ask(
        replace(a_recipient(scene.here), key="1" * 16, email=f"me{scene.number}@lab.example"), NOON
    ),
    "ends mail": lambda store, scene: store.recipients.end(scene.mail, Ended.UNSUBSCRIBED, NOON),
    "moves times": lambda store, _: store.times.move(timedelta(seconds=1)),
    "adds a topic": lambda store, scene: store.subscriptions.add(
        scene.here.id, TopicOptions(query="attention"), created_by="ada", now=NOON
    ),
    "removes a topic": lambda store, scene: store.subscriptions.remove(scene.topic.id, NOON),
    "removes all topics": lambda store, scene: store.subscriptions.remove_all(scene.here.id, NOON),
    "lists": lambda store, scene: listed(store, *(paper(number, upvotes=scene.number) for number in (1, 2, 3))),
    "merges": lambda store, scene: listed(store, paper(1, other_ids=(in_a_feed(scene.number).id,)), paper(2)),
}
#: These waited for each other once, and are tried each day.
MET = (
    ("renames", "settles"),
    ("leaves", "stops a workspace"),
    ("matches", "plans"),
    ("moves times", "renames"),
    ("asks for mail", "plans"),
    ("matches", "merges"),
)


class Meeting:
    """Has writers meet, on connections of their own."""

    def __init__(self, url: str, eyes: asyncpg.Connection[Any]) -> None:
        self.store = SqlStore(url)
        self._stores = SqlStore(url), self.store
        self._eyes = eyes
        self._scenes = 0
        self._statements = 0
        event.listen(self._stores[0].database.engine.sync_engine, "after_cursor_execute", self._count)

    def _count(self, *_: object) -> None:
        self._statements += 1

    async def meet(self, first: Writer, second: Writer) -> None:
        """Stops the first after each of its statements, until the second is done or waits for it."""
        for number in range(1, STEPS):
            if not await self._meet_after(number, first, second):
                return
            # Some write about all that there is, which is not to grow with each meeting.
            await self._eyes.execute("TRUNCATE workspaces CASCADE")

    async def _meet_after(self, number: int, first: Writer, second: Writer) -> bool:
        mine, theirs = self._stores
        self._scenes += 1
        here = await scene(theirs, self._scenes)
        self._statements = 0
        process = Process(mine)
        process.start(_patiently(first(mine, here)))
        while self._statements < number:
            if not await process.step():
                return False
        meeting = asyncio.create_task(_patiently(second(theirs, here)))
        while not meeting.done() and not await self._eyes.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.001)
        async with asyncio.timeout(PATIENCE):
            await process.go_on()
            await meeting
        return True

    async def close(self) -> None:
        for store in self._stores:
            await store.close()


async def _patiently(work: Awaitable[object]) -> None:
    with suppress(UserError):
        await work


async def test_writers_never_wait_for_each_other_in_a_circle(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conflicts, "TRIES", 1)
    eyes = await asyncpg.connect(postgres_url)
    meeting = Meeting(postgres_url, eyes)
    await listed(meeting.store, *(paper(number) for number in (1, 2, 3)))
    circles = []
    for first, second in product(WRITERS, WRITERS) if THOROUGH else MET:
        try:
            await meeting.meet(WRITERS[first], WRITERS[second])
        except conflicts.ConflictError as error:
            circles.append((first, second, str(error)))
    assert circles == []
    await meeting.close()
    await eyes.close()


async def test_whoever_was_rolled_back_for_another_one_tries_again_at_once(postgres_url: str) -> None:
    database, both_have_one, tries = SqlStore(postgres_url).database, asyncio.Barrier(2), []

    @conflicts.tried_again
    async def take(*counters: str) -> None:
        async with database.write() as connection:
            tries.append(counters)
            meets = len(tries) <= 2
            await connection.execute(text("SET LOCAL deadlock_timeout = '10ms'"))
            for counter in counters:
                await connection.execute(text(f"UPDATE counters SET value = value + 1 WHERE name = '{counter}'"))
                if meets and counter == counters[0]:
                    await both_have_one.wait()

    await asyncio.gather(take("change", "vector"), take("vector", "change"))
    async with database.read() as connection:
        values = await connection.execute(text("SELECT value FROM counters WHERE name IN ('change', 'vector')"))
        assert list(values.scalars()) == [2, 2]
    assert len(tries) == 3
    assert database.availability.reason == ""
    await database.close()
