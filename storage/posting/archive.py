"""The past: days of listings, digests, and what became of papers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, Function, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.channel import Channel
from bot.digests.content import POST_CONTENT_JSON, DigestPart, PaperReply
from bot.digests.digest import DeliveryState, Digest
from bot.library.archive import MOST_COUNTED, ChannelVotes, ListedDay, PastDigest, Posting, Postings
from bot.library.channel_feed import DeliveredPaper
from bot.ranking.order import Reason
from bot.reading.votes import Tally, Vote
from storage.channels.channel_rows import channel_of, select_channels
from storage.database.database import Database
from storage.database.statements import chunks
from storage.papers.ids import known_as
from storage.papers.papers import paper_of
from storage.posting.deliveries import digest_of, topics_behind
from storage.tables.channels import CHANNELS, PERSONAL_CHANNELS
from storage.tables.papers import LISTINGS, PAPERS
from storage.tables.posts import DELIVERIES, DIGESTS, POSTS
from storage.tables.reading import VOTES

_PERSONAL = select(PERSONAL_CHANNELS.c.channel_id)
#: Nobody is told what a person reads in a channel of their own.
_NOBODYS = ~_PERSONAL.where(PERSONAL_CHANNELS.c.channel_id == DELIVERIES.c.channel_id).exists()
_NOBODYS_VOTES = ~_PERSONAL.where(PERSONAL_CHANNELS.c.channel_id == VOTES.c.channel_id).exists()


class SqlArchive:
    """Implements `bot.library.archive.Archive` and `bot.library.channel_feed.DeliveredPapers`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def counts(self, first: date, end: date) -> dict[date, int]:
        statement = (
            select(LISTINGS.c.day, func.count(LISTINGS.c.paper_id.distinct()).label("papers"))
            .where(LISTINGS.c.day >= first, LISTINGS.c.day < end)
            .group_by(LISTINGS.c.day)
        )
        async with self._database.read() as connection:
            return {row.day: row.papers for row in await connection.execute(statement)}

    async def listed(self, day: date, *, limit: int, offset: int = 0) -> ListedDay:
        on_that_day = select(LISTINGS.c.paper_id).where(LISTINGS.c.day == day).distinct()
        page = (
            select(PAPERS)
            .where(PAPERS.c.id.in_(on_that_day))
            .order_by(PAPERS.c.upvotes.desc(), PAPERS.c.id.desc())
            .limit(limit)
            .offset(offset)
        )
        async with self._database.read() as connection:
            total = select(func.count()).select_from(on_that_day.subquery())
            return ListedDay(
                day=day,
                total=(await connection.execute(total)).scalar_one(),
                papers=tuple(paper_of(row) for row in await connection.execute(page)),
                earlier=await _day(connection, func.max(LISTINGS.c.day), LISTINGS.c.day < day),
                later=await _day(connection, func.min(LISTINGS.c.day), LISTINGS.c.day > day),
            )

    async def postings(self, paper_ids: Sequence[str], each: int) -> dict[str, Postings]:
        shown = (func.coalesce(DELIVERIES.c.position, 0) <= func.coalesce(DIGESTS.c.shown, 0)).label("was_shown")
        found: dict[str, Postings] = {}
        async with self._database.read() as connection:
            # A paper at a time: then the index has the latest, however many channels have it.
            for paper_id in dict.fromkeys(paper_ids):
                posted = (DELIVERIES.c.paper_id == paper_id, DELIVERIES.c.posted_at.is_not(None), _NOBODYS)
                some = select(DELIVERIES.c.id).where(*posted).limit(MOST_COUNTED).subquery()
                number = (await connection.execute(select(func.count()).select_from(some))).scalar_one()
                if not number:
                    continue
                latest = (
                    select(DELIVERIES.c.channel_id, DELIVERIES.c.posted_at, DELIVERIES.c.digest_id, shown)
                    .outerjoin(DIGESTS, DIGESTS.c.id == DELIVERIES.c.digest_id)
                    .where(*posted)
                    .order_by(DELIVERIES.c.posted_at.desc(), DELIVERIES.c.id.desc())
                    .limit(each)
                )
                rows = (await connection.execute(latest)).all()
                channels = await _channels(connection, [row.channel_id for row in rows])
                found[paper_id] = Postings(
                    number,
                    tuple(
                        Posting(
                            channel=channels[row.channel_id],
                            posted_at=row.posted_at,
                            digest_id=row.digest_id,
                            shown=bool(row.was_shown),
                        )
                        for row in rows
                    ),
                )
        return found

    async def votes(self, paper_id: str, *, channels: int, people: int) -> list[ChannelVotes]:
        up = func.count().filter(VOTES.c.vote == Vote.UP).label("up")
        down = func.count().filter(VOTES.c.vote == Vote.DOWN).label("down")
        tallies = (
            select(VOTES.c.channel_id, up, down)
            .where(VOTES.c.paper_id == paper_id, _NOBODYS_VOTES)
            .group_by(VOTES.c.channel_id)
            .order_by(up.desc(), down.desc(), VOTES.c.channel_id)
            .limit(channels)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(tallies)).all()
            known = await _channels(connection, [row.channel_id for row in rows])
            found = []
            for row in rows:
                who = (
                    select(VOTES.c.person)
                    .where(VOTES.c.channel_id == row.channel_id, VOTES.c.paper_id == paper_id, VOTES.c.vote == Vote.UP)
                    .order_by(VOTES.c.voted_at, VOTES.c.person)
                    .limit(people)
                )
                names = tuple((await connection.execute(who)).scalars())
                found.append(ChannelVotes(channel=known[row.channel_id], tally=Tally(row.up, row.down), up=names))
            return found

    async def digests(self, channel_id: int, *, before: int | None, limit: int) -> list[tuple[Digest, datetime]]:
        statement = select(DIGESTS).where(DIGESTS.c.channel_id == channel_id)
        if before is not None:
            statement = statement.where(DIGESTS.c.id < before)
        async with self._database.read() as connection:
            rows = await connection.execute(statement.order_by(DIGESTS.c.id.desc()).limit(limit))
            return [(digest_of(row), row.planned_at) for row in rows]

    async def digest(self, channel_id: int, digest_id: int, *, limit: int) -> PastDigest | None:
        papers = (
            select(PAPERS)
            .join(DELIVERIES, DELIVERIES.c.paper_id == PAPERS.c.id)
            .where(DELIVERIES.c.digest_id == digest_id, DELIVERIES.c.state != DeliveryState.DROPPED)
            .order_by(DELIVERIES.c.position, DELIVERIES.c.id)
            .limit(limit)
        )
        of_channel = select(DIGESTS).where(DIGESTS.c.channel_id == channel_id)
        before = select(func.max(DIGESTS.c.id)).where(DIGESTS.c.channel_id == channel_id, DIGESTS.c.id < digest_id)
        after = select(func.min(DIGESTS.c.id)).where(DIGESTS.c.channel_id == channel_id, DIGESTS.c.id > digest_id)
        async with self._database.read() as connection:
            row = (await connection.execute(of_channel.where(DIGESTS.c.id == digest_id))).one_or_none()
            if row is None:
                return None
            return PastDigest(
                digest=digest_of(row),
                planned_at=row.planned_at,
                papers=tuple(paper_of(one) for one in await connection.execute(papers)),
                earlier=(await connection.execute(before)).scalar_one(),
                later=(await connection.execute(after)).scalar_one(),
            )

    async def delivered(self, channel_id: int, limit: int) -> list[DeliveredPaper]:
        """As `bot.library.channel_feed.DeliveredPapers` says."""
        statement = (
            select(
                DELIVERIES.c.id.label("delivery_id"),
                DELIVERIES.c.posted_at,
                DELIVERIES.c.digest_id,
                DELIVERIES.c.post_id,
                PAPERS,
            )
            .join(PAPERS, PAPERS.c.id == DELIVERIES.c.paper_id)
            .outerjoin(DIGESTS, DIGESTS.c.id == DELIVERIES.c.digest_id)
            .where(
                DELIVERIES.c.channel_id == channel_id,
                DELIVERIES.c.state == DeliveryState.POSTED,
                func.coalesce(DELIVERIES.c.position, 0) <= func.coalesce(DIGESTS.c.shown, 0),
            )
            .order_by(DELIVERIES.c.posted_at.desc(), DELIVERIES.c.digest_id.desc(), DELIVERIES.c.position)
            .limit(limit)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all()
            topics = await topics_behind(connection, [row.delivery_id for row in rows])
            digests = await _digests(connection, {row.digest_id for row in rows if row.digest_id is not None})
            reasons = await _reasons(connection, {row.post_id for row in rows if row.post_id is not None})
        return [
            DeliveredPaper(
                id=row.delivery_id,
                paper=paper_of(row),
                posted_at=row.posted_at,
                topics=topics.get(row.delivery_id, ()),
                digest=digests.get(row.digest_id),
                reason=reasons.get((row.post_id, row.id)),
            )
            for row in rows
        ]


async def _digests(connection: AsyncConnection, ids: Collection[int]) -> dict[int, Digest]:
    found: dict[int, Digest] = {}
    for some in chunks(sorted(ids)):
        rows = await connection.execute(select(DIGESTS).where(DIGESTS.c.id.in_(some)))
        found.update((row.id, digest_of(row)) for row in rows)
    return found


async def _reasons(connection: AsyncConnection, post_ids: Collection[int]) -> dict[tuple[int, str], Reason]:
    """Why the papers of these posts are shown, by post and paper."""
    found: dict[tuple[int, str], Reason | None] = {}
    for some in chunks(sorted(post_ids)):
        for row in await connection.execute(select(POSTS.c.id, POSTS.c.content).where(POSTS.c.id.in_(some))):
            match POST_CONTENT_JSON.validate_python(row.content):
                case DigestPart(paper_ids=papers, reasons=reasons):
                    found |= {(row.id, paper): reason for paper, reason in zip(papers, reasons, strict=False)}
                case PaperReply(paper_id=paper, reason=reason):
                    found[row.id, paper] = reason
    homes = await known_as(connection, {paper for _, paper in found})
    return {(post, homes.get(paper, paper)): reason for (post, paper), reason in found.items() if reason}


async def _day(connection: AsyncConnection, which: Function[date], where: ColumnElement[bool]) -> date | None:
    found: date | None = (await connection.execute(select(which).where(where))).scalar_one()
    return found


async def _channels(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, Channel]:
    rows = await connection.execute(select_channels().where(CHANNELS.c.id.in_(ids)))
    return {row.id: channel_of(row) for row in rows}
