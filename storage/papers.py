"""Papers and their listings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.papers.merging import merge
from bot.papers.names import Name
from bot.papers.paper import Paper, PaperRecord, StoredPaper
from bot.papers.sources import SourceName
from bot.papers.store import DayAnswer
from storage.counters import Counter, last_number, next_numbers
from storage.database import Database
from storage.statements import chunks, upsert
from storage.tables import LISTINGS, PAPERS, SOURCE_DAYS, VECTORS

_SCALARS = (
    "id",
    "title",
    "title_tex",
    "abstract",
    "summary",
    "published_on",
    "featured_on",
    "upvotes",
    "comments",
    "stars",
    "models",
    "datasets",
    "spaces",
    "submitter",
    "organization",
    "organization_name",
    "code_url",
    "project_url",
    "thumbnail_url",
    "author_comment",
)
_LISTS = ("categories", "keywords")


def paper_of(row: Row[Any]) -> Paper:
    """The paper in a row of the table."""
    fields: dict[str, Any] = {name: getattr(row, name) for name in _SCALARS}
    fields |= {name: tuple(getattr(row, name)) for name in _LISTS}
    return Paper(
        **fields, authors=tuple(map(_name_of, row.authors)), sources=frozenset(SourceName(name) for name in row.sources)
    )


def _columns_of(paper: Paper) -> dict[str, Any]:
    return {
        **{name: getattr(paper, name) for name in _SCALARS},
        **{name: list(getattr(paper, name)) for name in _LISTS},
        "authors": list(map(name_parts, paper.authors)),
        "sources": sorted(paper.sources),
    }


def _stored_of(row: Row[Any]) -> StoredPaper:
    return StoredPaper(
        paper=paper_of(row), listed_at=row.listed_at, listed_change=row.listed_change, revision=row.revision
    )


def name_parts(name: Name) -> dict[str, Any]:
    """The name as the table has it: what it is made of, less what it lacks."""
    return {part: value for part, value in asdict(name).items() if value}


def _name_of(parts: dict[str, Any]) -> Name:
    return Name(**parts)


class SqlPaperStore:
    """Implements `bot.papers.store.PaperStore`, and `bot.search.index.PaperFeed` for the search index."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record_day(self, source: SourceName, answer: DayAnswer, now: datetime) -> int:
        async with self._database.write(asked_for=False) as connection:
            changed = await _merge_papers(connection, [listing.paper for listing in answer.listings], listed_at=now)
            if answer.listings:
                listings = upsert(connection, LISTINGS)
                await connection.execute(
                    listings.on_conflict_do_update(
                        index_elements=["source", "day", "paper_id"], set_={"rank": listings.excluded.rank}
                    ),
                    [
                        {"source": source, "day": answer.day, "paper_id": listing.paper.id, "rank": listing.rank}
                        for listing in answer.listings
                    ],
                )
            day = upsert(connection, SOURCE_DAYS).values(
                source=source, day=answer.day, validator=answer.validator, read_at=now
            )
            await connection.execute(
                day.on_conflict_do_update(
                    index_elements=["source", "day"],
                    set_={"validator": day.excluded.validator, "read_at": day.excluded.read_at},
                )
            )
            return changed

    async def import_papers(self, papers: Sequence[Paper]) -> int:
        async with self._database.write(asked_for=False) as connection:
            return await _merge_papers(connection, papers, listed_at=None)

    async def paper(self, paper_id: str) -> Paper | None:
        return (await self.papers([paper_id])).get(paper_id)

    async def papers(self, paper_ids: Sequence[str]) -> dict[str, Paper]:
        found: dict[str, Paper] = {}
        async with self._database.read() as connection:
            for some in chunks(paper_ids):
                rows = await connection.execute(select(PAPERS).where(PAPERS.c.id.in_(some)))
                found.update((row.id, paper_of(row)) for row in rows)
        return found

    async def listed_on(self, day: date) -> list[Paper]:
        listed = select(LISTINGS.c.paper_id).where(LISTINGS.c.day == day)
        statement = select(PAPERS).where(PAPERS.c.id.in_(listed)).order_by(PAPERS.c.upvotes.desc(), PAPERS.c.id.desc())
        async with self._database.read() as connection:
            return [paper_of(row) for row in await connection.execute(statement)]

    async def newest_day(self) -> date | None:
        async with self._database.read() as connection:
            newest: date | None = (await connection.execute(select(func.max(LISTINGS.c.day)))).scalar_one()
            return newest

    async def beginning_with(self, beginning: str, limit: int) -> list[Paper]:
        statement = (
            select(PAPERS)
            .where(PAPERS.c.id.startswith(beginning, autoescape=True))
            .order_by(PAPERS.c.id.desc())
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [paper_of(row) for row in await connection.execute(statement)]

    async def trending(self, since: date, limit: int) -> list[Paper]:
        listed = select(LISTINGS.c.paper_id).where(LISTINGS.c.day >= since)
        statement = (
            select(PAPERS)
            .where(PAPERS.c.id.in_(listed))
            .order_by(PAPERS.c.upvotes.desc(), PAPERS.c.id.desc())
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [paper_of(row) for row in await connection.execute(statement)]

    async def listed_since(self, since: datetime) -> list[Paper]:
        statement = select(PAPERS).where(PAPERS.c.listed_at > since).order_by(PAPERS.c.listed_change.desc())
        async with self._database.read() as connection:
            return [paper_of(row) for row in await connection.execute(statement)]

    async def latest(self, limit: int, until: datetime) -> list[Paper]:
        statement = (
            select(PAPERS)
            .where(PAPERS.c.listed_at <= until)
            .order_by(PAPERS.c.listed_at.desc(), PAPERS.c.id.desc())
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [paper_of(row) for row in await connection.execute(statement)]

    async def unmatched(self, limit: int) -> list[StoredPaper]:
        statement = (
            select(PAPERS)
            .where(PAPERS.c.listed_change.is_not(None), PAPERS.c.matched_revision < PAPERS.c.revision)
            .order_by(PAPERS.c.listed_change)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [_stored_of(row) for row in await connection.execute(statement)]

    async def record_of(self, paper_id: str) -> PaperRecord | None:
        listed = select(LISTINGS.c.source, LISTINGS.c.day).where(LISTINGS.c.paper_id == paper_id)
        async with self._database.read() as connection:
            row = (await connection.execute(select(PAPERS).where(PAPERS.c.id == paper_id))).one_or_none()
            if row is None:
                return None
            days = (await connection.execute(listed.order_by(LISTINGS.c.day, LISTINGS.c.source))).all()
        return PaperRecord(
            paper=paper_of(row),
            stored=_stored_of(row) if row.listed_change is not None else None,
            listings=tuple((SourceName(source), day) for source, day in days),
            is_matched=row.matched_revision >= row.revision,
        )

    async def changed_papers(self, after: int, limit: int) -> Sequence[tuple[int, Paper]]:
        statement = select(PAPERS).where(PAPERS.c.change > after).order_by(PAPERS.c.change).limit(limit)
        async with self._database.read() as connection:
            return [(row.change, paper_of(row)) for row in await connection.execute(statement)]

    async def last_change(self) -> int:
        async with self._database.read() as connection:
            return await last_number(connection, Counter.CHANGE)

    async def count(self) -> int:
        async with self._database.read() as connection:
            number: int = (await connection.execute(select(func.count()).select_from(PAPERS))).scalar_one()
            return number


async def _merge_papers(connection: AsyncConnection, papers: Sequence[Paper], *, listed_at: datetime | None) -> int:
    """Merges papers into what is known; returns how many are new or changed."""
    if not papers:
        return 0
    # Taking the numbers first locks the counter: whoever else merges papers waits, so what is read here stays true.
    change = await next_numbers(connection, Counter.CHANGE, len(papers))
    known: dict[str, Row[Any]] = {}
    for some in chunks(list({paper.id for paper in papers})):
        known.update((row.id, row) for row in await connection.execute(select(PAPERS).where(PAPERS.c.id.in_(some))))

    new: dict[str, dict[str, Any]] = {}
    changed: dict[str, dict[str, Any]] = {}
    latest: dict[str, Paper] = {}
    for number, paper in enumerate(papers, change):
        before = latest.get(paper.id) or (paper_of(known[paper.id]) if paper.id in known else None)
        merged = merge(before, paper) if before else paper
        latest[paper.id] = merged
        row = known.get(paper.id)
        first_listed = listed_at is not None and (row is None or row.listed_at is None)
        if row is None:
            new[paper.id] = {
                **_columns_of(merged),
                "listed_at": listed_at,
                "listed_change": number if listed_at else None,
                "revision": 1,
                "matched_revision": 0,
                "change": number,
            }
        elif first_listed or merged != paper_of(row):
            changed[paper.id] = {
                **{f"new_{name}": value for name, value in _columns_of(merged).items()},
                "new_listed_at": listed_at if first_listed else row.listed_at,
                "new_listed_change": number if first_listed else row.listed_change,
                "new_revision": row.revision + 1,
                "new_change": number,
            }
    for rows in chunks(list(new.values())):
        await connection.execute(insert(PAPERS), list(rows))
    if changed:
        names = [*_SCALARS, *_LISTS, "authors", "sources", "listed_at", "listed_change", "revision", "change"]
        statement = (
            update(PAPERS)
            .where(PAPERS.c.id == bindparam("new_id"))
            .values({name: bindparam(f"new_{name}", type_=PAPERS.c[name].type) for name in names if name != "id"})
        )
        # In the order of ids, like everybody who locks several papers: then nobody waits in a circle.
        await connection.execute(statement, [changed[paper_id] for paper_id in sorted(changed)])
        # After the papers are locked: a vector of the former text that is being stored is either seen here or refused.
        other_text = [paper_id for paper_id in changed if _text_of(latest[paper_id]) != _text_of(known[paper_id])]
        for some in chunks(other_text):
            await connection.execute(delete(VECTORS).where(VECTORS.c.paper_id.in_(some)))
    return len(new) + len(changed)


def _text_of(paper: Paper | Row[Any]) -> tuple[str, str]:
    """What vectors are made from (`bot.meaning.model.embedded_text`)."""
    return paper.title, paper.abstract
