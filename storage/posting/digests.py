"""What channels are owed, and the digests it was put into."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Integer, Select, and_, bindparam, func, or_, select, update

from bot.background import Stints
from bot.channels.channel import Channel, ChannelState, PlatformName
from bot.digests.digest import DeliveryState, Digest, DigestPlan, Elsewhere, PostedPaper, QueuedPaper
from bot.papers.paper import Paper
from bot.topics.store import Match
from storage.channels.channel_rows import channel_of, select_channels
from storage.database.conflicts import tried_again
from storage.database.database import Database
from storage.database.statements import chunks
from storage.papers.papers import paper_of
from storage.past_deliveries import remembered
from storage.posting.deliveries import (
    WAITING,
    digest_of,
    queue,
    still_kept,
    still_wanted,
    topics_and_queries_behind,
    topics_behind,
)
from storage.posting.plans import store_plans
from storage.tables.channels import CHANNELS, PERSONAL_CHANNELS, WORKSPACES
from storage.tables.papers import PAPERS
from storage.tables.posts import DELIVERIES, DIGESTS
from storage.tables.topics import SUBSCRIPTIONS

#: Digests in one transaction. On SQLite all other writers wait for the whole of it.
PLANS_AT_ONCE = 50
#: Matches in one transaction, for the same reason: the news of a day may be for every channel.
MATCHES_AT_ONCE = 250

_ACTIVE = CHANNELS.c.state == ChannelState.ACTIVE
_NOW = bindparam("now", type_=CHANNELS.c.next_digest_at.type)
_MOST = bindparam("most", type_=Integer())
_OTHERS = CHANNELS.c.id.not_in(bindparam("but", expanding=True))
_SERVED = WORKSPACES.c.platform.in_(bindparam("platforms", expanding=True))


# What is asked at each sweep is put together once.
@cache
def _due_at_once() -> Select[Any]:
    due = select_channels().where(_ACTIVE, _SERVED, _OTHERS, CHANNELS.c.instant_at <= _NOW)
    return due.order_by(CHANNELS.c.instant_at, CHANNELS.c.id).limit(_MOST)


@cache
def _due_at_their_time() -> Select[Any]:
    others = or_(CHANNELS.c.instant_at.is_(None), CHANNELS.c.instant_at > _NOW)
    due = select_channels().where(_ACTIVE, _SERVED, _OTHERS, CHANNELS.c.next_digest_at <= _NOW, others)
    return due.order_by(CHANNELS.c.next_digest_at, CHANNELS.c.id).limit(_MOST)


@cache
def _next_times() -> Select[Any]:
    return select(
        *(
            select(column).where(_ACTIVE, column > _NOW).order_by(column).limit(1).scalar_subquery().label(column.name)
            for column in (CHANNELS.c.instant_at, CHANNELS.c.next_digest_at)
        )
    )


@cache
def _crowds() -> Select[Any]:
    number = func.count()
    return (
        select(CHANNELS.c.next_digest_at, number.label("number"))
        .where(CHANNELS.c.next_digest_at <= _NOW, _ACTIVE)
        .group_by(CHANNELS.c.next_digest_at)
        .having(number >= bindparam("least", type_=Integer()))
    )


async def _in_parts(matches: Sequence[Match]) -> list[list[Match]]:
    """The matches in parts of about `MATCHES_AT_ONCE`, all of a channel in one of them, channels in order."""
    stints = Stints()
    by_channel: defaultdict[int, list[Match]] = defaultdict(list)
    for match in matches:
        by_channel[match.channel_id].append(match)
        await stints.rest()
    parts: list[list[Match]] = []
    for channel_id in sorted(by_channel):
        if not parts or len(parts[-1]) >= MATCHES_AT_ONCE:
            parts.append([])
        parts[-1] += by_channel[channel_id]
    return parts


class SqlDigestStore:
    """Implements `bot.digests.store.DigestStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        #: The version of the database with which no channel was due on the platforms of the last look, and until when
        #: that holds; None for ever.
        self._none_due: tuple[int | None, datetime | None] = (None, None)
        self._looked_on: frozenset[PlatformName] = frozenset()

    async def record_matches(self, revisions: Mapping[str, int], matches: Sequence[Match], now: datetime) -> list[int]:
        news: set[int] = set()
        for some in await _in_parts(matches):
            news.update(await self._queue(some, now))
        # Not before everything is queued: whoever dies in between finds the papers unmatched, and queues nothing twice.
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
            async with self._database.write() as connection:
                await connection.execute(statement, done)
        return sorted(news)

    @tried_again
    async def _queue(self, matches: Sequence[Match], now: datetime) -> list[int]:
        async with self._database.write() as connection:
            wanted = await still_kept(connection, await still_wanted(connection, matches))
            return await queue(connection, wanted, now)

    async def due(
        self,
        now: datetime,
        limit: int,
        platforms: Collection[PlatformName] = tuple(PlatformName),
        but: Collection[int] = (),
    ) -> list[Channel]:
        """The channels with something to plan: those first for which people wait. Each half has an index."""
        version, served = self._database.version(), frozenset(platforms)
        if served == self._looked_on and self._is_none_due(version, now):
            return []
        given = {"now": now, "most": limit, "platforms": sorted(served), "but": sorted(but)}
        async with self._database.read() as connection:
            rows = list(await connection.execute(_due_at_once(), given))
            if len(rows) < limit:
                rows += await connection.execute(_due_at_their_time(), {**given, "most": limit - len(rows)})
            if not rows and not but and version is not None:
                times = (await connection.execute(_next_times(), given)).one()
                self._none_due = version, min((time for time in times if time is not None), default=None)
                self._looked_on = served
            return [channel_of(row) for row in rows]

    async def crowds(self, until: datetime, least: int) -> dict[datetime, int]:
        if self._is_none_due(self._database.version(), until):
            return {}
        async with self._database.read() as connection:
            rows = await connection.execute(_crowds(), {"now": until, "least": least})
            return {row.next_digest_at: row.number for row in rows}

    def _is_none_due(self, version: int | None, now: datetime) -> bool:
        """Whether it is known, without asking, that no channel is due: nothing was committed since that was asked."""
        known, next_at = self._none_due
        return version is not None and version == known and (next_at is None or now < next_at)

    async def next_due(self, until: datetime, limit: int) -> list[Channel]:
        nobodys = select_channels().where(PERSONAL_CHANNELS.c.person.is_(None))
        active = nobodys.where(CHANNELS.c.next_digest_at < until, CHANNELS.c.state == ChannelState.ACTIVE)
        paused = nobodys.where(CHANNELS.c.paused_until < until, CHANNELS.c.state == ChannelState.PAUSED)
        async with self._database.read() as connection:
            rows = [
                *await connection.execute(active.order_by(CHANNELS.c.next_digest_at, CHANNELS.c.id).limit(limit)),
                *await connection.execute(paused.order_by(CHANNELS.c.paused_until, CHANNELS.c.id).limit(limit)),
            ]
            return [channel_of(row) for row in rows]

    async def waiting_counts(self, channel_ids: Sequence[int]) -> dict[int, int]:
        found: dict[int, int] = {}
        async with self._database.read() as connection:
            for some in chunks(channel_ids):
                statement = (
                    select(DELIVERIES.c.channel_id, func.count().label("papers"))
                    .where(DELIVERIES.c.channel_id.in_(some), WAITING)
                    .group_by(DELIVERIES.c.channel_id)
                )
                found.update((row.channel_id, row.papers) for row in await connection.execute(statement))
        return found

    async def sharing(self, moment: datetime) -> int:
        statement = select(func.count()).where(
            CHANNELS.c.next_digest_at == moment, CHANNELS.c.state == ChannelState.ACTIVE
        )
        async with self._database.read() as connection:
            number: int = (await connection.execute(statement)).scalar_one()
            return number

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
                topics = await topics_and_queries_behind(connection, [row.id for row in rows])
                for ids in chunks(sorted({row.paper_id for row in rows} - papers.keys())):
                    known = await connection.execute(select(PAPERS).where(PAPERS.c.id.in_(ids)))
                    papers.update((row.id, paper_of(row)) for row in known)
                for row in rows:
                    behind = topics.get(row.id, ())
                    queued = QueuedPaper(
                        paper=papers[row.paper_id],
                        topics=tuple(title for title, _, _ in behind),
                        instant=row.instant,
                        queries=tuple(query for _, query, _ in behind),
                        models=tuple(model for _, _, models in behind for model in models),
                    )
                    found[row.channel_id].append(queued)
        return found

    async def elsewhere(self, channel_ids: Sequence[int]) -> dict[int, Elsewhere]:
        read: dict[int, dict[str, int]] = {channel_id: {} for channel_id in channel_ids}
        coming: dict[int, dict[str, int]] = {channel_id: {} for channel_id in channel_ids}
        other = DELIVERIES.alias("other")
        shown = or_(other.c.digest_id.is_(None), other.c.position <= DIGESTS.c.shown)
        async with self._database.read() as connection:
            for some in chunks(channel_ids):
                theirs = (
                    select(SUBSCRIPTIONS.c.channel_id, SUBSCRIPTIONS.c.named_in)
                    .where(
                        SUBSCRIPTIONS.c.channel_id.in_(some),
                        SUBSCRIPTIONS.c.named_in.is_not(None),
                        SUBSCRIPTIONS.c.removed_at.is_(None),
                    )
                    .distinct()
                    .subquery()
                )
                statement = (
                    select(DELIVERIES.c.channel_id, DELIVERIES.c.paper_id, other.c.channel_id.label("place"))
                    .add_columns(other.c.state)
                    .select_from(DELIVERIES)
                    .join(theirs, theirs.c.channel_id == DELIVERIES.c.channel_id)
                    .join(
                        other,
                        and_(
                            other.c.channel_id == theirs.c.named_in,
                            other.c.paper_id == DELIVERIES.c.paper_id,
                        ),
                    )
                    .join(CHANNELS, CHANNELS.c.id == other.c.channel_id)
                    .outerjoin(DIGESTS, DIGESTS.c.id == other.c.digest_id)
                    .where(
                        DELIVERIES.c.channel_id.in_(some),
                        WAITING,
                        shown,
                        or_(
                            other.c.state == DeliveryState.POSTED,
                            and_(other.c.state == DeliveryState.QUEUED, CHANNELS.c.state == ChannelState.ACTIVE),
                        ),
                    )
                    .order_by(other.c.id)
                )
                for row in await connection.execute(statement):
                    places = read if row.state == DeliveryState.POSTED else coming
                    places[row.channel_id].setdefault(row.paper_id, row.place)
        return {channel_id: Elsewhere(read[channel_id], coming[channel_id]) for channel_id in channel_ids}

    async def plan(self, plan: DigestPlan, now: datetime) -> bool:
        return bool(await self.plan_all([plan], now))

    async def plan_all(self, plans: Sequence[DigestPlan], now: datetime) -> set[int]:
        stored: set[int] = set()
        for some in chunks(plans, PLANS_AT_ONCE):
            stored |= await self._store_plans(some, now)
        return stored

    @tried_again
    async def _store_plans(self, plans: Sequence[DigestPlan], now: datetime) -> set[int]:
        async with self._database.write() as connection:
            return await store_plans(connection, plans, now)

    async def digests(self, digest_ids: Sequence[int]) -> dict[int, Digest]:
        found: dict[int, Digest] = {}
        async with self._database.read() as connection:
            for some in chunks(digest_ids):
                rows = await connection.execute(select(DIGESTS).where(DIGESTS.c.id.in_(some)))
                found.update((row.id, digest_of(row)) for row in rows)
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

    async def topics_of(
        self, digest_ids: Sequence[int], *, shown: bool = False
    ) -> dict[int, dict[str, tuple[str, ...]]]:
        found: dict[int, dict[str, tuple[str, ...]]] = {digest_id: {} for digest_id in digest_ids}
        async with self._database.read() as connection:
            for some in chunks(digest_ids):
                statement = select(DELIVERIES.c.id, DELIVERIES.c.digest_id, DELIVERIES.c.paper_id).where(
                    DELIVERIES.c.digest_id.in_(some)
                )
                if shown:
                    statement = statement.join(DIGESTS, DIGESTS.c.id == DELIVERIES.c.digest_id).where(
                        DELIVERIES.c.position <= DIGESTS.c.shown
                    )
                rows = (await connection.execute(statement)).all()
                topics = await topics_behind(connection, [row.id for row in rows])
                for row in rows:
                    found[row.digest_id][row.paper_id] = topics.get(row.id, ())
        return found

    async def history(self, channel_id: int, limit: int, *, since: datetime | None = None) -> list[PostedPaper]:
        shown = (func.coalesce(DELIVERIES.c.position, 0) <= func.coalesce(DIGESTS.c.shown, 0)).label("was_shown")
        statement = (
            select(DELIVERIES.c.id.label("delivery_id"), DELIVERIES.c.posted_at, shown, PAPERS)
            .join(PAPERS, PAPERS.c.id == DELIVERIES.c.paper_id)
            .outerjoin(DIGESTS, DIGESTS.c.id == DELIVERIES.c.digest_id)
            .where(DELIVERIES.c.channel_id == channel_id, DELIVERIES.c.state == DeliveryState.POSTED)
            .order_by(DELIVERIES.c.posted_at.desc(), DELIVERIES.c.digest_id.desc(), DELIVERIES.c.position)
            .limit(limit)
        )
        if since is not None:
            statement = statement.where(DELIVERIES.c.posted_at >= since)
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all()
            topics = await topics_behind(connection, [row.delivery_id for row in rows])
        return [
            PostedPaper(
                paper=paper_of(row),
                posted_at=row.posted_at,
                topics=topics.get(row.delivery_id, ()),
                shown=bool(row.was_shown),
            )
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
            past = await remembered(connection, [(channel_id, paper_id) for paper_id in paper_ids])
        return found | {paper_id for _, paper_id in past}
