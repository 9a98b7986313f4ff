"""What the store's tests begin with: papers that are listed, channels with topics, an outbox with posts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import SQLModel

from bot.channels.channel import Address, Channel, PlatformName, Style
from bot.digests.content import DigestPart, SharedPaper
from bot.digests.digest import Digest, DigestKind, DigestPlan, PlannedPost
from bot.papers.paper import Listing, Paper
from bot.papers.sources import HUGGINGFACE, SourceName
from bot.papers.store import DayAnswer
from bot.posting.post import Post, PostState, Settlement
from bot.topics.store import Match, TopicOptions
from bot.topics.subscription import Subscription
from storage.store import SqlStore
from tests.clocks import NOON

TODAY = date(2026, 5, 12)
LEASE = timedelta(seconds=60)
EVERYWHERE = tuple(PlatformName)


def paper(number: int = 1, **fields: Any) -> Paper:
    """A paper that Daily Papers featured today."""
    known: dict[str, Any] = {
        "id": f"2605.{number:05}",
        "title": f"Paper {number}",
        "sources": frozenset({HUGGINGFACE}),
        "featured_on": TODAY,
    }
    return Paper(**{**known, **fields})


def answer(*papers: Paper, day: date = TODAY, source: SourceName = HUGGINGFACE) -> DayAnswer:
    """What a source says of a day on which it lists these papers."""
    listings = tuple(Listing(source=source, day=day, paper=one, rank=rank) for rank, one in enumerate(papers, 1))
    return DayAnswer(day=day, listings=listings, validator=f"{day}-{len(papers)}")


async def listed(
    store: SqlStore,
    *papers: Paper,
    day: date = TODAY,
    source: SourceName = HUGGINGFACE,
    now: datetime = NOON,
) -> int:
    """Records that a source lists these papers; returns how many are new or changed."""
    return await store.papers.record_day(source, answer(*papers, day=day, source=source), now)


def address(name: str, platform: PlatformName = PlatformName.SLACK, workspace: str = "T1") -> Address:
    return Address(platform, workspace, name)


async def channel(
    store: SqlStore,
    name: str = "general",
    *,
    platform: PlatformName = PlatformName.SLACK,
    workspace: str = "T1",
    next_digest_at: datetime | None = NOON,
) -> Channel:
    """A channel whose next digest is due at noon."""
    return await store.channels.add(
        address(name, platform, workspace),
        name,
        time_zone="UTC",
        schedule="daily 12:00",
        next_digest_at=next_digest_at,
    )


async def topic(store: SqlStore, channel: Channel, query: str = "diffusion", **options: Any) -> Subscription:
    return await store.subscriptions.add(channel.id, TopicOptions(query=query, **options), created_by="ada", now=NOON)


def match(channel: Channel, paper_id: str, *topics: Subscription, instant: bool = False) -> Match:
    return Match(
        channel_id=channel.id, paper_id=paper_id, subscription_ids=tuple(one.id for one in topics), instant=instant
    )


async def queue(
    store: SqlStore, channel: Channel, topic: Subscription, *papers: Paper, instant: bool = False
) -> list[str]:
    """Lists the papers and queues them for a channel; returns their ids."""
    await listed(store, *papers)
    await store.digests.record_matches({}, [match(channel, one.id, topic, instant=instant) for one in papers], NOON)
    return [one.id for one in papers]


def plan(
    channel: Channel,
    paper_ids: Sequence[str],
    *,
    per_message: int = 20,
    shown: int | None = None,
    style: Style = Style.CARDS,
    next_digest_at: datetime | None = NOON + timedelta(days=1),
) -> DigestPlan:
    """A digest of these papers, so many in each message; the last one delivers those that are not shown."""
    shown = len(paper_ids) if shown is None else shown
    groups = [tuple(paper_ids[:shown][start : start + per_message]) for start in range(0, shown, per_message)]
    posts = [
        PlannedPost(
            content=DigestPart(paper_ids=group, first=number * per_message + 1, part=number + 1, parts=len(groups)),
            delivers=group if number + 1 < len(groups) else (*group, *paper_ids[shown:]),
        )
        for number, group in enumerate(groups)
    ]
    return DigestPlan(
        channel_id=channel.id,
        expected_next=channel.next_digest_at,
        next_digest_at=next_digest_at,
        digest=Digest(
            channel_id=channel.id,
            kind=DigestKind.SCHEDULED,
            day=TODAY,
            style=style,
            topics=("diffusion",),
            total=len(paper_ids),
            shown=shown,
        ),
        paper_ids=tuple(paper_ids),
        posts=tuple(posts),
    )


async def posts(store: SqlStore, channel: Channel, count: int = 1, now: datetime = NOON) -> list[int]:
    """Puts posts into the outbox; returns their ids, oldest first."""
    return [
        await store.posts.add(channel.id, SharedPaper(paper_id=f"2605.{number:05}", shared_by="ada"), now)
        for number in range(count)
    ]


async def lease(store: SqlStore, now: datetime = NOON, limit: int = 100) -> list[Post]:
    return await store.posts.lease(EVERYWHERE, now=now, until=now + LEASE, limit=limit)


async def lease_one(store: SqlStore, now: datetime = NOON) -> Post:
    """The one post that can be leased; fails if there is none, or another one."""
    (post,) = await lease(store, now)
    return post


async def sent(store: SqlStore, post: Post, *, at: datetime = NOON, remote_id: str = "r1") -> None:
    """Sends a leased post."""
    assert await store.posts.begin(post, now=at, until=at + LEASE)
    assert await store.posts.settle(Settlement(post=post, state=PostState.SENT, at=at, remote_id=remote_id))


async def everything(store: SqlStore) -> dict[str, list[str]]:
    """All rows of all tables."""
    async with store.database.read() as connection:
        return {
            table.name: sorted(repr(tuple(row)) for row in await connection.execute(select(table)))
            for table in SQLModel.metadata.sorted_tables
        }
