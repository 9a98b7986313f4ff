"""Deleting what is old, a little at a time.

Rows are looked at in the order of their ids, in which they came, and as far as the first thousand of which none is old:
no index over their age is needed for that. They are looked for without a lock, and what is found is deleted in a
transaction of its own, where it still may go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Row,
    Table,
    Text,
    and_,
    cast,
    delete,
    exists,
    func,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.digests.content import POST_CONTENT_JSON, SharedPaper
from bot.digests.digest import DeliveryState
from bot.lifecycle.pruning import Cutoffs, Prunable, PruneStep, Space
from bot.posting.post import PostState
from bot.query.errors import QueryError
from bot.query.parser import parse
from bot.query.syntax import Like
from storage.database.counters import Counter, next_numbers
from storage.database.database import Database
from storage.database.statements import chunks
from storage.past_deliveries import remember
from storage.posting.due_posts import OPEN
from storage.tables.papers import GONE_PAPERS, LISTINGS, PAPER_IDS, PAPERS
from storage.tables.posts import DELIVERIES, DIGESTS, POSTS, WEB_MESSAGES
from storage.tables.reading import SAVED_PAPERS, VOTES
from storage.tables.topics import SUBSCRIPTIONS

#: What a row takes beside its texts, about: its numbers, and its place in each index.
_ROW: Final = 60
_PER_INDEX: Final = 30
_OTHER = POSTS.alias()


@dataclass(frozen=True, slots=True)
class _Kind:
    """How rows of a table are pruned: how old they are, and which may go once they are."""

    table: Table
    key: ColumnElement[int]
    is_old: ColumnElement[bool]
    may_go: ColumnElement[bool]


_SETTLED: Final = (PostState.SENT, PostState.FAILED)


def _kind(what: Prunable, cutoffs: Cutoffs, *, delete: bool) -> _Kind:
    """Without `delete` deliveries and posts that would have gone by then keep nothing."""
    age = func.coalesce(DELIVERIES.c.posted_at, DELIVERIES.c.queued_at)
    delivery_stays = true() if delete else or_(DELIVERIES.c.state == DeliveryState.QUEUED, age >= cutoffs.history)
    other_stays = true() if delete else or_(_OTHER.c.state.in_(OPEN), _OTHER.c.created_at >= cutoffs.history)
    may_go: ColumnElement[bool]
    match what:
        case Prunable.DELIVERIES:
            is_open = exists().where(_OTHER.c.id == DELIVERIES.c.post_id, _OTHER.c.state.in_(OPEN))
            may_go = (DELIVERIES.c.state != DeliveryState.QUEUED) & ~is_open
            return _Kind(DELIVERIES, DELIVERIES.c.id, age < cutoffs.history, may_go)
        case Prunable.POSTS:
            may_go = and_(
                POSTS.c.state.in_(_SETTLED),
                # What heads a thread goes after its replies, which would else go with it.
                ~exists().where(_OTHER.c.parent_id == POSTS.c.id, other_stays),
                ~exists().where(DELIVERIES.c.post_id == POSTS.c.id, delivery_stays),
            )
            return _Kind(POSTS, POSTS.c.id, POSTS.c.created_at < cutoffs.history, may_go)
        case Prunable.DIGESTS:
            # Its deliveries would go with it, and with them the promise that nothing is posted twice.
            may_go = and_(
                ~exists().where(DELIVERIES.c.digest_id == DIGESTS.c.id, delivery_stays),
                ~exists().where(_OTHER.c.digest_id == DIGESTS.c.id, other_stays),
            )
            return _Kind(DIGESTS, DIGESTS.c.id, DIGESTS.c.planned_at < cutoffs.history, may_go)
        case Prunable.MESSAGES:
            return _Kind(WEB_MESSAGES, WEB_MESSAGES.c.id, WEB_MESSAGES.c.posted_at < cutoffs.history, true())
        case Prunable.PAPERS:
            # Those that were imported or looked up were listed by no feed, and are what people asked for.
            may_go = and_(
                ~exists().where(DELIVERIES.c.paper_id == PAPERS.c.id, delivery_stays),
                ~exists().where(SAVED_PAPERS.c.paper_id == PAPERS.c.id),
                ~exists().where(VOTES.c.paper_id == PAPERS.c.id),
                # One that another source listed lately is as new as that.
                ~exists().where(LISTINGS.c.paper_id == PAPERS.c.id, LISTINGS.c.listed_at >= cutoffs.papers),
            )
            return _Kind(PAPERS, PAPERS.c.listed_change, PAPERS.c.listed_at < cutoffs.papers, may_go)


class SqlPruneStore:
    """Implements `bot.lifecycle.pruning.PruneStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def step(self, what: Prunable, cutoffs: Cutoffs, after: int, limit: int, *, delete: bool) -> PruneStep:
        kind = _kind(what, cutoffs, delete=delete)
        async with self._database.read() as connection:
            rows = await _window(connection, kind, after, limit)
            aged = [row for row in rows if row.is_old]
            # Every topic is read for it, so not on the days on which nothing is old.
            kept = await _examples_and_shared(connection) if what is Prunable.PAPERS and aged else frozenset[str]()
            old = [row.key for row in aged if row.id not in kept]
            # Whether a post may go is known when its replies have gone: it is asked where they do.
            going = old if what is Prunable.POSTS and delete else await _chosen(connection, kind, old, kind.may_go)
            size = await _size_of(connection, kind, going)
        if delete and going:
            async with self._database.write(asked_for=False) as connection:
                going = await _delete_all(connection, what, kind, going, cutoffs.now)
        return PruneStep(after=_place(rows, limit), rows=len(going), size=size)

    async def forget_gone(self, before: datetime) -> None:
        async with self._database.write(asked_for=False) as connection:
            await connection.execute(delete(GONE_PAPERS).where(GONE_PAPERS.c.at < before))

    async def space(self) -> Space:
        async with self._database.read() as connection:
            if not self._database.is_sqlite:
                size = await connection.scalar(text("SELECT pg_database_size(current_database())"))
                return Space(total=int(size or 0), free=None)
            page = await _pragma(connection, "page_size")
            pages, free = await _pragma(connection, "page_count"), await _pragma(connection, "freelist_count")
            return Space(total=pages * page, free=free * page)

    async def give_back(self, size: int) -> int:
        if not self._database.is_sqlite:
            return 0
        before = await self.space()
        await self._database.shrink(size)
        return before.total - (await self.space()).total

    async def rewrite(self) -> None:
        if self._database.is_sqlite:
            await self._database.rewrite()


async def _window(connection: AsyncConnection, kind: _Kind, after: int, limit: int) -> Sequence[Row[Any]]:
    statement = (
        select(kind.key.label("key"), kind.table.c.id, kind.is_old.label("is_old"))
        .where(kind.key > after)
        .order_by(kind.key)
        .limit(limit)
    )
    return (await connection.execute(statement)).all()


def _place(rows: Sequence[Row[Any]], limit: int) -> int | None:
    """Where to go on: behind the last row, if there may be more, and any of these was old."""
    return rows[-1].key if len(rows) == limit and any(row.is_old for row in rows) else None


async def _chosen(
    connection: AsyncConnection, kind: _Kind, keys: Sequence[int], which: ColumnElement[bool]
) -> list[int]:
    found: list[int] = []
    for some in chunks(keys):
        statement = select(kind.key).where(kind.key.in_(some), which)
        found += (row[0] for row in await connection.execute(statement))
    return found


async def _size_of(connection: AsyncConnection, kind: _Kind, keys: Sequence[int]) -> int:
    """About how many bytes these rows take: what the first of them have in texts, and their places in indexes."""
    if not keys:
        return 0
    some = keys[:50]
    texts = [func.coalesce(func.length(cast(column, Text)), 0) for column in kind.table.c]
    total = select(func.sum(sum(texts[1:], texts[0]))).where(kind.key.in_(some))
    average = int(await connection.scalar(total) or 0) // len(some)
    return len(keys) * (average + _ROW + _PER_INDEX * len(kind.table.indexes))


async def _delete_all(
    connection: AsyncConnection, what: Prunable, kind: _Kind, keys: Sequence[int], now: datetime
) -> list[int]:
    """Deletes those of the rows that may go at this moment; returns which."""
    if what is Prunable.PAPERS:
        # Whoever saves one of them, or votes on it, at this moment is waited for, and seen below.
        await next_numbers(connection, Counter.CHANGE, 0)  # before papers are locked, as everybody does
        for some in chunks(keys):
            papers = select(PAPERS.c.id).where(kind.key.in_(some)).order_by(PAPERS.c.id)
            await connection.execute(papers.with_for_update())
    if what is not Prunable.POSTS:
        going = await _chosen(connection, kind, keys, kind.may_go)
        await _delete(connection, what, kind, going, now)
        return going
    replies = await _chosen(connection, kind, keys, kind.may_go & POSTS.c.parent_id.is_not(None))
    await _delete(connection, what, kind, replies, now)
    heads = await _chosen(connection, kind, keys, kind.may_go)
    await _delete(connection, what, kind, heads, now)
    return [*replies, *heads]


async def _delete(connection: AsyncConnection, what: Prunable, kind: _Kind, keys: Sequence[int], now: datetime) -> None:
    for some in chunks(keys):
        if what is Prunable.DELIVERIES:
            # What was dropped before any message had it was never read, and may still come.
            posted = select(DELIVERIES.c.channel_id, DELIVERIES.c.paper_id).where(
                DELIVERIES.c.id.in_(some),
                or_(
                    DELIVERIES.c.state == DeliveryState.POSTED,
                    DELIVERIES.c.post_id.is_not(None),
                    DELIVERIES.c.read_in.is_not(None),
                ),
            )
            rows = (await connection.execute(posted)).all()
            await remember(connection, [(row.channel_id, row.paper_id) for row in rows])
        if what is Prunable.PAPERS:
            ids = (await connection.execute(select(PAPERS.c.id).where(kind.key.in_(some)))).scalars().all()
            first = await next_numbers(connection, Counter.CHANGE, len(ids))
            gone = [{"change": first + place, "id": paper_id, "at": now} for place, paper_id in enumerate(sorted(ids))]
            await connection.execute(GONE_PAPERS.insert(), gone)
        await connection.execute(delete(kind.table).where(kind.key.in_(some)))


async def _examples_and_shared(connection: AsyncConnection) -> frozenset[str]:
    """Papers that topics have as examples, and those that somebody shares at this moment."""
    kept: set[str] = set()
    queries = select(SUBSCRIPTIONS.c.query).where(
        SUBSCRIPTIONS.c.removed_at.is_(None), SUBSCRIPTIONS.c.query.like("%like:%")
    )
    for query in (await connection.execute(queries.distinct())).scalars():
        try:
            terms = parse(query).by_example()
        except QueryError:  # `topics` says so
            continue
        kept.update(paper for term in terms if isinstance(term, Like) for paper in term.papers)
    shared = select(POSTS.c.content).where(POSTS.c.state.in_(OPEN), POSTS.c.digest_id.is_(None))
    for content in (await connection.execute(shared)).scalars():
        post = POST_CONTENT_JSON.validate_python(content)
        if isinstance(post, SharedPaper):
            kept.add(post.paper_id)
    for some in chunks(sorted(kept)):  # one may have got another id since
        kept.update((await connection.execute(select(PAPER_IDS.c.paper_id).where(PAPER_IDS.c.id.in_(some)))).scalars())
    return frozenset(kept)


async def _pragma(connection: AsyncConnection, name: str) -> int:
    return int(await connection.scalar(text(f"PRAGMA {name}")) or 0)
