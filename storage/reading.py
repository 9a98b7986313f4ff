"""Reading lists and votes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, literal, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import UserError
from bot.reading.lists import Reader, SavedPaper
from bot.reading.votes import CastVote, Tally, Vote, VoteState
from storage.database.database import Database
from storage.database.statements import chunks, upsert
from storage.papers.papers import paper_of
from storage.tables.papers import PAPERS
from storage.tables.reading import SAVED_PAPERS, VOTES


class SqlReadingStore:
    """Implements `bot.reading.store.ReadingStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(
        self,
        reader: Reader,
        paper_id: str,
        now: datetime,
        *,
        channel_id: int | None = None,
        by_reaction: bool = False,
    ) -> bool:
        async with self._database.write() as connection:
            await _hold(connection, paper_id)
            row = upsert(connection, SAVED_PAPERS).values(
                platform=reader.platform,
                workspace=reader.workspace,
                person=reader.person,
                paper_id=paper_id,
                saved_at=now,
                channel_id=channel_id,
                by_reaction=by_reaction,
            )
            fresh = (await connection.execute(row.on_conflict_do_nothing())).rowcount == 1
            if not fresh and not by_reaction:
                mine = update(SAVED_PAPERS).where(*_of(reader), SAVED_PAPERS.c.paper_id == paper_id)
                await connection.execute(mine.values(by_reaction=False))
            return fresh

    async def unsave(self, reader: Reader, paper_id: str, *, by_reaction: bool = False) -> bool:
        statement = delete(SAVED_PAPERS).where(*_of(reader), SAVED_PAPERS.c.paper_id == paper_id)
        if by_reaction:
            statement = statement.where(SAVED_PAPERS.c.by_reaction)
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount == 1

    async def saved(self, reader: Reader, *, limit: int, offset: int = 0) -> list[SavedPaper]:
        statement = (
            select(PAPERS, SAVED_PAPERS.c.saved_at)
            .join_from(SAVED_PAPERS, PAPERS, PAPERS.c.id == SAVED_PAPERS.c.paper_id)
            .where(*_of(reader))
            .order_by(SAVED_PAPERS.c.saved_at.desc(), SAVED_PAPERS.c.paper_id.desc())
            .limit(limit)
            .offset(offset)
        )
        async with self._database.read() as connection:
            rows = await connection.execute(statement)
            return [SavedPaper(paper=paper_of(row), saved_at=row.saved_at) for row in rows]

    async def saved_ids(self, reader: Reader, paper_ids: Sequence[str]) -> set[str]:
        found: set[str] = set()
        async with self._database.read() as connection:
            for some in chunks(paper_ids):
                statement = select(SAVED_PAPERS.c.paper_id).where(*_of(reader), SAVED_PAPERS.c.paper_id.in_(some))
                found |= set((await connection.execute(statement)).scalars())
        return found

    async def saved_count(self, reader: Reader) -> int:
        return await self._number(select(func.count()).select_from(SAVED_PAPERS).where(*_of(reader)))

    async def vote(self, channel_id: int, paper_id: str, person: str, vote: Vote, now: datetime) -> Vote | None:
        mine = _standing(channel_id, paper_id, person, vote)
        async with self._database.write() as connection:
            # Whoever withdraws takes the row away, so two presses at once never end as the same vote twice.
            withdrawn = await connection.execute(delete(VOTES).where(*mine, ~VOTES.c.by_reaction))
            if withdrawn.rowcount:
                return None
            await _hold(connection, paper_id)
            row = upsert(connection, VOTES).values(
                channel_id=channel_id, paper_id=paper_id, person=person, vote=vote, voted_at=now, by_reaction=False
            )
            await connection.execute(row.on_conflict_do_update(**_over(row)))
            return vote

    async def cast(self, channel_id: int, paper_id: str, person: str, vote: Vote, now: datetime) -> bool:
        async with self._database.write() as connection:
            await _hold(connection, paper_id)
            row = upsert(connection, VOTES).values(
                channel_id=channel_id, paper_id=paper_id, person=person, vote=vote, voted_at=now, by_reaction=True
            )
            changed = row.on_conflict_do_update(**_over(row), where=VOTES.c.vote != row.excluded.vote)
            return (await connection.execute(changed)).rowcount == 1

    async def take_back(self, channel_id: int, paper_id: str, person: str, vote: Vote) -> bool:
        mine = _standing(channel_id, paper_id, person, vote)
        async with self._database.write() as connection:
            return (await connection.execute(delete(VOTES).where(*mine, VOTES.c.by_reaction))).rowcount == 1

    async def tallies(self, channel_ids: Sequence[int], paper_ids: Sequence[str]) -> dict[tuple[int, str], Tally]:
        tallies: dict[tuple[int, str], Tally] = {}
        async with self._database.read() as connection:
            for channels in chunks(channel_ids):
                for papers in chunks(paper_ids):
                    counted = (
                        select(
                            VOTES.c.channel_id,
                            VOTES.c.paper_id,
                            func.count().filter(VOTES.c.vote == Vote.UP).label("up"),
                            func.count().filter(VOTES.c.vote == Vote.DOWN).label("down"),
                        )
                        .where(VOTES.c.channel_id.in_(channels), VOTES.c.paper_id.in_(papers))
                        .group_by(VOTES.c.channel_id, VOTES.c.paper_id)
                    )
                    for row in await connection.execute(counted):
                        tallies[row.channel_id, row.paper_id] = Tally(row.up, row.down)
        return tallies

    async def own_votes(self, channel_id: int, person: str, paper_ids: Sequence[str]) -> dict[str, Vote]:
        found: dict[str, Vote] = {}
        async with self._database.read() as connection:
            for some in chunks(paper_ids):
                mine = select(VOTES.c.paper_id, VOTES.c.vote).where(
                    VOTES.c.channel_id == channel_id, VOTES.c.person == person, VOTES.c.paper_id.in_(some)
                )
                found |= {row.paper_id: Vote(row.vote) for row in await connection.execute(mine)}
        return found

    async def vote_states(self, channel_ids: Sequence[int]) -> dict[int, VoteState]:
        states: dict[int, VoteState] = {}
        async with self._database.read() as connection:
            for some in chunks(channel_ids):
                cast = union_all(
                    select(VOTES.c.channel_id, VOTES.c.vote, VOTES.c.voted_at.label("at")).where(
                        VOTES.c.channel_id.in_(some)
                    ),
                    select(SAVED_PAPERS.c.channel_id, literal(Vote.UP.value), SAVED_PAPERS.c.saved_at).where(
                        SAVED_PAPERS.c.channel_id.in_(some)
                    ),
                ).subquery()
                counted = select(
                    cast.c.channel_id,
                    func.count().filter(cast.c.vote == Vote.UP).label("up"),
                    func.count().filter(cast.c.vote == Vote.DOWN).label("down"),
                    func.max(cast.c.at).label("latest"),
                ).group_by(cast.c.channel_id)
                for row in await connection.execute(counted):
                    states[row.channel_id] = VoteState(row.up, row.down, row.latest)
        return states

    async def cast_votes(self, channel_ids: Sequence[int]) -> dict[int, list[CastVote]]:
        cast: dict[int, dict[tuple[str, str], CastVote]] = {channel_id: {} for channel_id in channel_ids}
        columns = (VOTES.c.channel_id, VOTES.c.paper_id, VOTES.c.person, VOTES.c.vote, VOTES.c.voted_at)
        saved = (SAVED_PAPERS.c.channel_id, SAVED_PAPERS.c.paper_id, SAVED_PAPERS.c.person, SAVED_PAPERS.c.saved_at)
        async with self._database.read() as connection:
            for some in chunks(channel_ids):
                for row in await connection.execute(select(*columns).where(VOTES.c.channel_id.in_(some))):
                    vote = CastVote(row.paper_id, row.vote == Vote.UP, row.voted_at)
                    cast[row.channel_id][row.paper_id, row.person] = vote
                for save in await connection.execute(select(*saved).where(SAVED_PAPERS.c.channel_id.in_(some))):
                    vote = CastVote(save.paper_id, True, save.saved_at)
                    cast[save.channel_id].setdefault((save.paper_id, save.person), vote)
        return {channel_id: list(votes.values()) for channel_id, votes in cast.items()}

    async def _number(self, statement: Select[Any]) -> int:
        async with self._database.read() as connection:
            number: int = (await connection.execute(statement)).scalar_one()
            return number


def _standing(channel_id: int, paper_id: str, person: str, vote: Vote) -> tuple[Any, ...]:
    return (
        VOTES.c.channel_id == channel_id,
        VOTES.c.paper_id == paper_id,
        VOTES.c.person == person,
        VOTES.c.vote == vote,
    )


def _over(row: Any) -> dict[str, Any]:
    """How a vote takes the place of the person's last one on the same paper in the same channel."""
    columns = ("vote", "voted_at", "by_reaction")
    return {
        "index_elements": ["channel_id", "paper_id", "person"],
        "set_": {name: row.excluded[name] for name in columns},
    }


async def _hold(connection: AsyncConnection, paper_id: str) -> None:
    """Keeps the paper from being deleted meanwhile; raises `UserError` for one that just was."""
    kept = select(PAPERS.c.id).where(PAPERS.c.id == paper_id).with_for_update(read=True, key_share=True)
    if (await connection.execute(kept)).first() is None:
        raise UserError(
            f"I no longer keep {paper_id}. `/papers show {paper_id}` looks it up again, and then it can be kept."
        )


def _of(reader: Reader) -> tuple[Any, ...]:
    return (
        SAVED_PAPERS.c.platform == reader.platform,
        SAVED_PAPERS.c.workspace == reader.workspace,
        SAVED_PAPERS.c.person == reader.person,
    )
