"""What channels are owed, and the digests it was put into."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, Table, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels import Channel, ChannelState, Style
from bot.papers import Paper
from bot.posts import (
    POST_CONTENT_JSON,
    DeliveryState,
    Digest,
    DigestKind,
    DigestPlan,
    Match,
    PlannedPost,
    PostContent,
    PostedPaper,
    PostState,
    QueuedPaper,
)
from storage.channels import channel_of, select_channels
from storage.database import Database
from storage.group_commit import GroupCommit
from storage.papers import paper_of
from storage.statements import chunks, upsert
from storage.tables import CHANNELS, DELIVERIES, DELIVERY_TOPICS, DIGESTS, PAPERS, POSTS, SUBSCRIPTIONS

#: Digests in one transaction. On SQLite all other writers wait for the whole of it.
PLANS_AT_ONCE = 25
KEY_BYTES = 12  # 24 hexadecimal characters; Discord takes 25 as a nonce
#: Matched, and in no digest yet.
WAITING = and_(DELIVERIES.c.state == DeliveryState.QUEUED, DELIVERIES.c.digest_id.is_(None))


class SqlDigestStore:
    """Implements `bot.ports.DigestStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._plans = GroupCommit(self._write_plans, limit=PLANS_AT_ONCE)

    async def record_matches(self, revisions: Mapping[str, int], matches: Sequence[Match], now: datetime) -> list[int]:
        async with self._database.write() as connection:
            wanted = await _still_wanted(connection, matches)
            news = await _queue(connection, wanted, now)
            if revisions:
                statement = (
                    update(PAPERS)
                    .where(
                        PAPERS.c.id == bindparam("paper"),
                        PAPERS.c.matched_revision < bindparam("matched"),
                    )
                    .values(matched_revision=bindparam("matched"))
                )
                done = [{"paper": paper_id, "matched": revision} for paper_id, revision in sorted(revisions.items())]
                await connection.execute(statement, done)
            return news

    async def due(self, now: datetime, limit: int) -> list[Channel]:
        statement = (
            select_channels()
            .where(
                CHANNELS.c.state == ChannelState.ACTIVE,
                or_(CHANNELS.c.next_digest_at <= now, CHANNELS.c.instant_at <= now),
            )
            .order_by(CHANNELS.c.id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [channel_of(row) for row in await connection.execute(statement)]

    async def waiting(self, channel_id: int) -> list[QueuedPaper]:
        return (await self.waiting_in([channel_id]))[channel_id]

    async def waiting_in(self, channel_ids: Sequence[int]) -> dict[int, list[QueuedPaper]]:
        found: dict[int, list[QueuedPaper]] = {channel_id: [] for channel_id in channel_ids}
        papers: dict[str, Paper] = {}  # one object for a paper that waits in many channels
        async with self._database.read() as connection:
            for some in chunks(channel_ids):
                statement = (
                    select(DELIVERIES.c.id, DELIVERIES.c.channel_id, DELIVERIES.c.paper_id, DELIVERIES.c.instant)
                    .where(DELIVERIES.c.channel_id.in_(some), WAITING)
                    .order_by(DELIVERIES.c.id)
                )
                rows = (await connection.execute(statement)).all()
                topics = await _topics(connection, [row.id for row in rows])
                for ids in chunks(sorted({row.paper_id for row in rows} - papers.keys())):
                    known = await connection.execute(select(PAPERS).where(PAPERS.c.id.in_(ids)))
                    papers.update((row.id, paper_of(row)) for row in known)
                for row in rows:
                    queued = QueuedPaper(paper=papers[row.paper_id], topics=topics.get(row.id, ()), instant=row.instant)
                    found[row.channel_id].append(queued)
        return found

    async def plan(self, plan: DigestPlan, now: datetime) -> bool:
        return await self._plans.submit((plan, now))

    async def _write_plans(self, items: list[tuple[DigestPlan, datetime]]) -> list[bool]:
        stored = [False] * len(items)
        async with self._database.write() as connection:
            left = list(range(len(items)))
            while left:
                # A channel's second plan is made after its first, like one that came alone.
                first = list({items[place][0].channel_id: place for place in reversed(left)}.values())
                written = await _store_plans(connection, [items[place] for place in first])
                for place in first:
                    stored[place] = items[place][0].channel_id in written
                left = [place for place in left if place not in first]
        return stored

    async def digests(self, digest_ids: Sequence[int]) -> dict[int, Digest]:
        found: dict[int, Digest] = {}
        async with self._database.read() as connection:
            for some in chunks(digest_ids):
                rows = await connection.execute(select(DIGESTS).where(DIGESTS.c.id.in_(some)))
                found.update((row.id, _digest_of(row)) for row in rows)
        return found

    async def hidden(self, digest_id: int) -> list[Paper]:
        statement = (
            select(PAPERS)
            .join(DELIVERIES, DELIVERIES.c.paper_id == PAPERS.c.id)
            .join(DIGESTS, DIGESTS.c.id == DELIVERIES.c.digest_id)
            .where(DIGESTS.c.id == digest_id, DELIVERIES.c.position > DIGESTS.c.shown)
            .order_by(DELIVERIES.c.position)
        )
        async with self._database.read() as connection:
            return [paper_of(row) for row in await connection.execute(statement)]

    async def topics_of(self, digest_ids: Sequence[int]) -> dict[int, dict[str, tuple[str, ...]]]:
        found: dict[int, dict[str, tuple[str, ...]]] = {digest_id: {} for digest_id in digest_ids}
        async with self._database.read() as connection:
            for some in chunks(digest_ids):
                statement = select(DELIVERIES.c.id, DELIVERIES.c.digest_id, DELIVERIES.c.paper_id).where(
                    DELIVERIES.c.digest_id.in_(some)
                )
                rows = (await connection.execute(statement)).all()
                topics = await _topics(connection, [row.id for row in rows])
                for row in rows:
                    found[row.digest_id][row.paper_id] = topics.get(row.id, ())
        return found

    async def history(self, channel_id: int, limit: int, *, since: datetime | None = None) -> list[PostedPaper]:
        statement = (
            select(DELIVERIES.c.id.label("delivery_id"), DELIVERIES.c.posted_at, PAPERS)
            .join(PAPERS, PAPERS.c.id == DELIVERIES.c.paper_id)
            .where(DELIVERIES.c.channel_id == channel_id, DELIVERIES.c.state == DeliveryState.POSTED)
            .order_by(DELIVERIES.c.posted_at.desc(), DELIVERIES.c.digest_id.desc(), DELIVERIES.c.position)
            .limit(limit)
        )
        if since is not None:
            statement = statement.where(DELIVERIES.c.posted_at >= since)
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all()
            topics = await _topics(connection, [row.delivery_id for row in rows])
        return [
            PostedPaper(paper=paper_of(row), posted_at=row.posted_at, topics=topics.get(row.delivery_id, ()))
            for row in rows
        ]

    async def delivered_ids(self, channel_id: int, paper_ids: Sequence[str]) -> set[str]:
        found: set[str] = set()
        async with self._database.read() as connection:
            for some in chunks(paper_ids):
                statement = select(DELIVERIES.c.paper_id).where(
                    DELIVERIES.c.channel_id == channel_id,
                    DELIVERIES.c.paper_id.in_(some),
                    DELIVERIES.c.state != DeliveryState.DROPPED,
                )
                found.update((await connection.execute(statement)).scalars())
        return found


def _digest_of(row: Row[Any]) -> Digest:
    return Digest(
        id=row.id,
        channel_id=row.channel_id,
        kind=DigestKind(row.kind),
        day=row.day,
        style=Style(row.style),
        topics=tuple(row.topics),
        total=row.total,
        shown=row.shown,
    )


async def _still_wanted(connection: AsyncConnection, matches: Sequence[Match]) -> list[Match]:
    """The matches without the topics that were removed since; locked, so that none goes while this is written."""
    named = sorted({subscription_id for match in matches for subscription_id in match.subscription_ids})
    alive: set[int] = set()
    for some in chunks(named):
        statement = (
            select(SUBSCRIPTIONS.c.id)
            .where(SUBSCRIPTIONS.c.id.in_(some), SUBSCRIPTIONS.c.removed_at.is_(None))
            .order_by(SUBSCRIPTIONS.c.id)
            .with_for_update(read=True)
        )
        alive.update((await connection.execute(statement)).scalars())
    remaining = (
        Match(
            channel_id=match.channel_id,
            paper_id=match.paper_id,
            subscription_ids=tuple(one for one in match.subscription_ids if one in alive),
            instant=match.instant,
        )
        for match in matches
    )
    return [match for match in remaining if match.subscription_ids]


async def _queue(connection: AsyncConnection, matches: Sequence[Match], now: datetime) -> list[int]:
    """Queues papers in channels that do not have them, and notes all topics of those that still wait."""
    news: set[int] = set()
    for some in chunks(sorted(matches, key=lambda match: (match.channel_id, match.paper_id))):
        by_pair = {(match.channel_id, match.paper_id): match for match in some}
        adding = upsert(connection, DELIVERIES).values(
            [
                {
                    "channel_id": match.channel_id,
                    "paper_id": match.paper_id,
                    "state": DeliveryState.QUEUED,
                    "instant": match.instant,
                    "queued_at": now,
                }
                for match in some
            ]
        )
        adding = adding.on_conflict_do_nothing(index_elements=["channel_id", "paper_id"])
        news.update((await connection.execute(adding.returning(DELIVERIES.c.channel_id))).scalars())
        # Locked, so that none is let go for want of a topic while this one is being noted; and whatever was let go
        # by then is seen by the next statement.
        locking = _rows_of(by_pair).where(WAITING).order_by(DELIVERIES.c.id).with_for_update(read=True)
        waiting = [row for row in await connection.execute(locking) if (row.channel_id, row.paper_id) in by_pair]
        again = await _queue_again(connection, by_pair, now)
        news.update(row.channel_id for row in again)
        topics = [
            {"delivery_id": row.id, "subscription_id": subscription_id}
            for row in (*waiting, *again)
            for subscription_id in by_pair[row.channel_id, row.paper_id].subscription_ids
        ]
        if topics:
            await connection.execute(upsert(connection, DELIVERY_TOPICS).on_conflict_do_nothing(), topics)
    instant = sorted({match.channel_id for match in matches if match.instant} & news)
    for some_channels in chunks(instant):
        quiet = select(CHANNELS.c.id).where(CHANNELS.c.id.in_(some_channels), CHANNELS.c.instant_at.is_(None))
        in_order = quiet.order_by(CHANNELS.c.id).with_for_update(key_share=True)
        await connection.execute(update(CHANNELS).where(CHANNELS.c.id.in_(in_order)).values(instant_at=now))
    return sorted(news)


def _rows_of(pairs: Collection[tuple[int, str]]) -> Select[Any]:
    """The deliveries of these channels and papers, and maybe some of others."""
    return select(DELIVERIES.c.id, DELIVERIES.c.channel_id, DELIVERIES.c.paper_id).where(
        DELIVERIES.c.channel_id.in_({channel_id for channel_id, _ in pairs}),
        DELIVERIES.c.paper_id.in_({paper_id for _, paper_id in pairs}),
    )


async def _queue_again(
    connection: AsyncConnection, matches: Mapping[tuple[int, str], Match], now: datetime
) -> list[Row[Any]]:
    """Queues those papers that were dropped; returns their rows.

    A dropped paper was never posted, so another topic may still bring it: its row is the only one it gets.
    """
    dropped = _rows_of(matches).where(DELIVERIES.c.state == DeliveryState.DROPPED)
    rows = [row for row in await connection.execute(dropped) if (row.channel_id, row.paper_id) in matches]
    if rows:
        statement = (
            update(DELIVERIES)
            .where(DELIVERIES.c.id == bindparam("delivery"), DELIVERIES.c.state == DeliveryState.DROPPED)
            .values(
                state=DeliveryState.QUEUED,
                instant=bindparam("at_once"),
                queued_at=now,
                digest_id=None,
                position=None,
                post_id=None,
            )
        )
        await connection.execute(
            statement,
            [{"delivery": row.id, "at_once": matches[row.channel_id, row.paper_id].instant} for row in rows],
        )
    return rows


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A paper that waits in a channel. `instant_since` is when it was queued to go out at once, None if it was not."""

    delivery_id: int
    instant_since: datetime | None


async def _store_plans(connection: AsyncConnection, items: Sequence[tuple[DigestPlan, datetime]]) -> set[int]:
    """Stores plans of different channels; returns the channels whose plan is stored.

    All of them are written together: a hundred channels take as many statements as one.
    """
    plans = {plan.channel_id: (plan, now) for plan, now in items}
    expected = await _lock_channels(connection, sorted(plans))
    waiting = await _lock_waiting(connection, sorted(expected))
    fit = {
        channel_id: (plan, now)
        for channel_id, (plan, now) in sorted(plans.items())
        if channel_id in expected
        and expected[channel_id] == plan.expected_next
        and (plan.digest is None or waiting[channel_id].keys() >= set(plan.paper_ids))
    }
    if not fit:
        return set()
    await _store_digests(connection, fit, waiting)
    moved = [
        {
            "channel": channel_id,
            "next": plan.next_digest_at,
            "instant": _instant_at(plan, waiting[channel_id]),
        }
        for channel_id, (plan, _) in fit.items()
    ]
    await connection.execute(
        update(CHANNELS)
        .where(CHANNELS.c.id == bindparam("channel"))
        .values(next_digest_at=bindparam("next"), instant_at=bindparam("instant")),
        moved,
    )
    return set(fit)


async def _lock_channels(connection: AsyncConnection, channel_ids: Sequence[int]) -> dict[int, datetime | None]:
    """When each of the channels expects its next digest; those that are gone are missing.

    Locking their rows puts planners in line, so that the ids of a channel's posts are in order. Everybody who locks
    several channels does so in the order of their ids: then nobody waits in a circle.
    """
    found: dict[int, datetime | None] = {}
    for some in chunks(channel_ids):
        statement = (
            select(CHANNELS.c.id, CHANNELS.c.next_digest_at)
            .where(CHANNELS.c.id.in_(some))
            .order_by(CHANNELS.c.id)
            .with_for_update(key_share=True)
        )
        found.update((row.id, row.next_digest_at) for row in await connection.execute(statement))
    return found


async def _lock_waiting(connection: AsyncConnection, channel_ids: Sequence[int]) -> dict[int, dict[str, _Waiting]]:
    """What waits in each of the channels, by paper."""
    found: dict[int, dict[str, _Waiting]] = {channel_id: {} for channel_id in channel_ids}
    for some in chunks(channel_ids):
        statement = (
            select(
                DELIVERIES.c.id,
                DELIVERIES.c.channel_id,
                DELIVERIES.c.paper_id,
                DELIVERIES.c.instant,
                DELIVERIES.c.queued_at,
            )
            .where(DELIVERIES.c.channel_id.in_(some), WAITING)
            .order_by(DELIVERIES.c.id)
            .with_for_update(key_share=True)
        )
        for row in await connection.execute(statement):
            found[row.channel_id][row.paper_id] = _Waiting(row.id, row.queued_at if row.instant else None)
    return found


def _instant_at(plan: DigestPlan, waiting: Mapping[str, _Waiting]) -> datetime | None:
    """When the oldest paper that still waits was to go out at once, None if there is none."""
    taken = frozenset(plan.paper_ids)
    times = [one.instant_since for paper_id, one in waiting.items() if one.instant_since and paper_id not in taken]
    oldest = min(times, default=None)
    if oldest is None or plan.instant_not_before is None:
        return oldest
    return max(oldest, plan.instant_not_before)


async def _store_digests(
    connection: AsyncConnection,
    plans: Mapping[int, tuple[DigestPlan, datetime]],
    waiting: Mapping[int, Mapping[str, _Waiting]],
) -> None:
    made = [(plan, plan.digest, now) for plan, now in plans.values() if plan.digest is not None]
    if not made:
        return
    digests = [
        {
            "channel_id": plan.channel_id,
            "kind": digest.kind,
            "day": digest.day,
            "style": digest.style,
            "topics": list(digest.topics),
            "total": digest.total,
            "shown": digest.shown,
            "planned_at": now,
        }
        for plan, digest, now in made
    ]
    digest_ids = await _add_all(connection, DIGESTS, digests)
    post_ids: dict[tuple[int, int], int] = {}  # by digest, and place in its plan
    for are_replies in (False, True):
        # Replies are written after what they reply to, whose ids they name.
        places = [
            (digest_id, place, plan, now)
            for digest_id, (plan, _, now) in zip(digest_ids, made, strict=True)
            for place, post in enumerate(plan.posts)
            if (post.reply_to is not None) == are_replies
        ]
        rows = [
            _post_values(
                plan.channel_id,
                post := plan.posts[place],
                digest_id,
                None if post.reply_to is None else post_ids[digest_id, post.reply_to],
                now,
            )
            for digest_id, place, plan, now in places
        ]
        for (digest_id, place, _, _), post_id in zip(places, await _add_all(connection, POSTS, rows), strict=True):
            post_ids[digest_id, place] = post_id
    taking = (
        update(DELIVERIES)
        .where(DELIVERIES.c.id == bindparam("delivery"))
        .values(digest_id=bindparam("digest"), position=bindparam("place"), post_id=bindparam("post"))
    )
    taken = []
    for digest_id, (plan, _, _) in zip(digest_ids, made, strict=True):
        post_of = {
            paper_id: post_ids[digest_id, place] for place, post in enumerate(plan.posts) for paper_id in post.delivers
        }
        taken += [
            {
                "delivery": waiting[plan.channel_id][paper_id].delivery_id,
                "digest": digest_id,
                "place": position,
                "post": post_of.get(paper_id, post_ids[digest_id, 0]),
            }
            for position, paper_id in enumerate(plan.paper_ids, 1)
        ]
    await connection.execute(taking, taken)


async def _add_all(connection: AsyncConnection, table: Table, rows: list[dict[str, Any]]) -> list[int]:
    """Adds the rows and returns their ids, both in the same growing order."""
    if not rows:
        return []
    adding = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return list((await connection.execute(adding, rows)).scalars())


async def add_post(connection: AsyncConnection, channel_id: int, content: PostContent, now: datetime) -> int:
    """Puts a post that is part of no digest into the outbox, due at once; returns its id."""
    values = _post_values(channel_id, PlannedPost(content=content), None, None, now)
    (post_id,) = await _add_all(connection, POSTS, [values])
    return post_id


def _post_values(
    channel_id: int, post: PlannedPost, digest_id: int | None, parent_id: int | None, now: datetime
) -> dict[str, Any]:
    return {
        "channel_id": channel_id,
        "digest_id": digest_id,
        "parent_id": parent_id,
        "content": POST_CONTENT_JSON.dump_python(post.content, mode="json"),
        "key": secrets.token_hex(KEY_BYTES),
        "state": PostState.PENDING,
        "due_at": now,
        "lease": "",
        "attempts": 0,
        "look_ups": 0,
        "error": "",
        "created_at": now,
    }


async def _topics(connection: AsyncConnection, delivery_ids: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """The titles of the topics behind each delivery, in the order of their numbers."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    title = func.coalesce(func.nullif(SUBSCRIPTIONS.c.name, ""), SUBSCRIPTIONS.c.query).label("title")
    for some in chunks(list(delivery_ids)):
        statement = (
            select(DELIVERY_TOPICS.c.delivery_id, title)
            .join(SUBSCRIPTIONS, SUBSCRIPTIONS.c.id == DELIVERY_TOPICS.c.subscription_id)
            .where(DELIVERY_TOPICS.c.delivery_id.in_(some), SUBSCRIPTIONS.c.removed_at.is_(None))
            .order_by(SUBSCRIPTIONS.c.number)
        )
        for row in await connection.execute(statement):
            found[row.delivery_id].append(row.title)
    return {delivery_id: tuple(titles) for delivery_id, titles in found.items()}
