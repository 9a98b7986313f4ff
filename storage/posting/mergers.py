"""Deliveries of papers that turn out to be one: a channel keeps one of them, and one post that shows it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, case, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.digests.digest import DeliveryState
from bot.posting.post import PostState
from storage.database.lock_order import lock_channels
from storage.database.news import News, notify
from storage.database.statements import chunks, upsert
from storage.papers.ids import Merger
from storage.past_deliveries import remembered
from storage.posting.doubles import take_back, take_out
from storage.tables.posts import DELIVERIES, DELIVERY_TOPICS, DIGESTS, POSTS

_PARENTS = POSTS.alias("parents")
#: How far a delivery that is on its way has come (`_progress`); whatever is below may still be stopped.
_ON_ITS_WAY = 4


async def merge_deliveries(connection: AsyncConnection, mergers: Sequence[Merger]) -> None:
    """Leaves one delivery of each paper in a channel, the one that went farthest, and takes the paper out of whatever
    else was to show it. One that was posted there so long ago that only that is remembered is not posted again."""
    homes = {one: merger.stays for merger in mergers for one in (merger.gone, merger.stays)}
    twice = await _come_twice(connection, homes)
    if twice:
        # Then nobody plans there, or takes one of these posts, and what is read here stays true.
        await lock_channels(connection, {channel_id for channel_id, _ in twice})
        await _lock_posts(connection, homes, twice)
    rows: defaultdict[tuple[int, str], list[Row[Any]]] = defaultdict(list)
    for row in await _lock_deliveries(connection, homes):
        rows[row.channel_id, homes[row.paper_id]].append(row)
    past = await _posted_long_ago(connection, homes, [row for pair in twice for row in rows[pair]])
    losers: list[Row[Any]] = []
    for pair in sorted(twice):
        losers += await _keep_one(connection, rows[pair], posted_long_ago=pair in past)
    await take_back(connection, losers)
    for some in chunks(losers):
        await connection.execute(delete(DELIVERIES).where(DELIVERIES.c.id.in_([row.id for row in some])))
    await close_gaps(connection, losers)
    for merger in mergers:
        here = DELIVERIES.c.paper_id == merger.gone
        await connection.execute(update(DELIVERIES).where(here).values(paper_id=merger.stays))
    if losers:
        await take_out(connection, losers)
        await notify(connection, News.POSTS)


async def _come_twice(connection: AsyncConnection, homes: Mapping[str, str]) -> set[tuple[int, str]]:
    """The (channel, paper) of which there are several deliveries, or one and the memory of an earlier one."""
    found: defaultdict[tuple[int, str], list[Row[Any]]] = defaultdict(list)
    for some in chunks(sorted(homes)):
        statement: Select[Any] = select(DELIVERIES.c.channel_id, DELIVERIES.c.paper_id, DELIVERIES.c.state)
        for row in await connection.execute(statement.where(DELIVERIES.c.paper_id.in_(some))):
            found[row.channel_id, homes[row.paper_id]].append(row)
    twice = {pair for pair, rows in found.items() if len(rows) > 1}
    return twice | await _posted_long_ago(connection, homes, [row for rows in found.values() for row in rows])


async def _posted_long_ago(
    connection: AsyncConnection, homes: Mapping[str, str], rows: Iterable[Row[Any]]
) -> set[tuple[int, str]]:
    """Those (channel, paper) of deliveries that wait that were posted under another id, and then forgotten."""
    names: defaultdict[str, set[str]] = defaultdict(set)
    for one, home in homes.items():
        names[home].add(one)
    waiting = [row for row in rows if row.state == DeliveryState.QUEUED]
    asked = {(row.channel_id, one) for row in waiting for one in names[homes[row.paper_id]]}
    return {(channel_id, homes[one]) for channel_id, one in await remembered(connection, asked)}


async def _lock_posts(
    connection: AsyncConnection, homes: Mapping[str, str], twice: Collection[tuple[int, str]]
) -> None:
    """Locks all that is still to be sent of the digests in which such a paper is."""
    digests: set[int] = set()
    for some in chunks(sorted(homes)):
        statement = select(DELIVERIES.c.channel_id, DELIVERIES.c.paper_id, DELIVERIES.c.digest_id).where(
            DELIVERIES.c.paper_id.in_(some), DELIVERIES.c.digest_id.is_not(None)
        )
        for row in await connection.execute(statement):
            if (row.channel_id, homes[row.paper_id]) in twice:
                digests.add(row.digest_id)
    for ids in chunks(sorted(digests)):
        posts = select(POSTS.c.id).where(POSTS.c.digest_id.in_(ids), POSTS.c.state != PostState.SENT)
        await connection.execute(posts.order_by(POSTS.c.id).with_for_update())


async def _lock_deliveries(connection: AsyncConnection, homes: Mapping[str, str]) -> list[Row[Any]]:
    """All deliveries of the papers, and how far their posts and what heads their threads have come."""
    found: list[Row[Any]] = []
    for some in chunks(sorted(homes)):
        statement = (
            select(
                DELIVERIES,
                POSTS.c.state.label("post_state"),
                POSTS.c.attempt_at,
                POSTS.c.parent_id,
                _PARENTS.c.state.label("parent_state"),
                _PARENTS.c.attempt_at.label("parent_attempt_at"),
                DIGESTS.c.shown,
            )
            .outerjoin(POSTS, POSTS.c.id == DELIVERIES.c.post_id)
            .outerjoin(_PARENTS, _PARENTS.c.id == POSTS.c.parent_id)
            .outerjoin(DIGESTS, DIGESTS.c.id == DELIVERIES.c.digest_id)
            .where(DELIVERIES.c.paper_id.in_(some))
            .order_by(DELIVERIES.c.id)
            .with_for_update(of=DELIVERIES)
        )
        found += await connection.execute(statement)
    return found


async def _keep_one(connection: AsyncConnection, rows: Sequence[Row[Any]], *, posted_long_ago: bool) -> list[Row[Any]]:
    """The deliveries that go. The one that stays gets the topics of those that wait like it."""
    waits = [row for row in rows if row.state == DeliveryState.QUEUED and _progress(row) < _ON_ITS_WAY]
    stopped = waits if posted_long_ago else []
    others = [row for row in rows if row not in stopped]
    if not others:
        return stopped
    kept = max(others, key=_precedence)
    losers = [*stopped, *(row for row in others if row is not kept)]
    waiting = [row for row in losers if row.state == kept.state == DeliveryState.QUEUED]
    for row in waiting:
        await _add_topics(connection, row.id, kept.id)
    if any(row.instant for row in waiting):
        await connection.execute(update(DELIVERIES).where(DELIVERIES.c.id == kept.id).values(instant=True))
    return losers


def _precedence(row: Row[Any]) -> tuple[int, bool, int, int]:
    """What went farthest stays; of two equals what is shown, then what comes first."""
    shown = row.position is None or row.shown is None or row.position <= row.shown
    return _progress(row), shown, -(row.post_id or 0), -row.id


def _progress(row: Row[Any]) -> int:
    """How far a delivery has come: a message whose request has left cannot be stopped any more."""
    if row.state != DeliveryState.QUEUED:
        return 6 if row.state == DeliveryState.POSTED else 0
    if row.post_id is None:
        return 1
    if _has_left(row.post_state, row.attempt_at):
        return 5 if row.post_state == PostState.LEASED else _ON_ITS_WAY
    return 3 if _has_left(row.parent_state, row.parent_attempt_at) else 2


def _has_left(state: str | None, attempt_at: object) -> bool:
    return state in (PostState.UNKNOWN, PostState.SENT) or (state == PostState.LEASED and attempt_at is not None)


async def _add_topics(connection: AsyncConnection, old: int, new: int) -> None:
    behind = select(DELIVERY_TOPICS.c.subscription_id).where(DELIVERY_TOPICS.c.delivery_id == old)
    topics = [{"delivery_id": new, "subscription_id": one} for one in (await connection.execute(behind)).scalars()]
    if topics:
        await connection.execute(upsert(connection, DELIVERY_TOPICS).on_conflict_do_nothing(), topics)


async def close_gaps(connection: AsyncConnection, losers: Sequence[Row[Any]]) -> None:
    """Digests count the papers that are left, in places without gaps."""
    for row in sorted(losers, key=lambda row: (row.digest_id or 0, -(row.position or 0))):
        if row.digest_id is None or row.position is None:
            continue
        behind = (DELIVERIES.c.digest_id == row.digest_id, DELIVERIES.c.position > row.position)
        await connection.execute(update(DELIVERIES).where(*behind).values(position=DELIVERIES.c.position - 1))
        fewer = case((DIGESTS.c.shown >= row.position, DIGESTS.c.shown - 1), else_=DIGESTS.c.shown)
        await connection.execute(
            update(DIGESTS).where(DIGESTS.c.id == row.digest_id).values(total=DIGESTS.c.total - 1, shown=fewer)
        )
