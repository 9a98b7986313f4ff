"""Papers and their listings."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from functools import reduce
from typing import Any, Final

import structlog
from sqlalchemy import ColumnElement, Row, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.background import Stints
from bot.papers.merging import merge
from bot.papers.names import Name
from bot.papers.paper import FirstListing, Paper, PaperRecord, StoredPaper
from bot.papers.sources import SourceName
from bot.papers.store import DayAnswer
from storage.database.counters import Counter, last_number, next_numbers
from storage.database.database import Database
from storage.database.statements import chunks, upsert
from storage.papers.ids import identify, known_as, remember_ids
from storage.papers.listings import first_listed_after, first_listings, listed_after, listed_by
from storage.papers.mergers import merge_rows
from storage.tables.papers import GONE_PAPERS, LISTINGS, PAPERS, VECTORS
from storage.tables.sources import SOURCE_DAYS

NAMED_AT_ONCE: Final = 100  # papers in a line of the log

_log = structlog.get_logger()

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
    "doi",
    "page_url",
    "file_url",
    "venue",
)
_LISTS = ("categories", "keywords", "other_ids")


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


async def _stored(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[StoredPaper]:
    """The papers in rows of those that were listed."""
    listings = await first_listings(connection, [row.id for row in rows])
    return [
        StoredPaper(
            paper=paper_of(row),
            first=FirstListing(row.listed_at, row.listed_change),
            by_source=listings.get(row.id, {}),
            revision=row.revision,
        )
        for row in rows
    ]


def name_parts(name: Name) -> dict[str, Any]:
    """The name as the table has it: what it is made of, less what it lacks."""
    return {part: value for part, value in asdict(name).items() if value}


def _name_of(parts: dict[str, Any]) -> Name:
    return Name(**parts)


class SqlPaperStore:
    """Implements `bot.papers.store.PaperStore`, and `bot.search.index.PaperFeed` for the search index."""

    def __init__(self, database: Database) -> None:
        self._database = database
        #: What these were at a version of the database, asked for every second or two.
        self._last_change: tuple[int | None, int] = (None, 0)
        self._all_matched: int | None = None

    async def record_day(self, source: SourceName, answer: DayAnswer, now: datetime) -> int:
        async with self._database.write(asked_for=False) as connection:
            papers = [listing.paper for listing in answer.listings]
            merged = await _merge_papers(connection, papers, source=source, listed_at=now)
            older = await _merge_papers(connection, answer.older)
            if answer.listings:
                listings = upsert(connection, LISTINGS)
                await connection.execute(
                    listings.on_conflict_do_update(
                        index_elements=["source", "day", "paper_id"], set_={"rank": listings.excluded.rank}
                    ),
                    [
                        {
                            "source": source,
                            "day": answer.day,
                            "paper_id": paper_id,
                            "rank": listing.rank,
                            "listed_at": now,
                            "listed_change": number,
                        }
                        for number, (listing, paper_id) in enumerate(
                            zip(answer.listings, merged.ids, strict=True), merged.change
                        )
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
        for some in chunks(merged.new, NAMED_AT_ONCE):
            _log.info("papers.listed", source=source, day=answer.day.isoformat(), papers=list(some))
        return merged.changed + older.changed

    async def import_papers(self, papers: Sequence[Paper]) -> int:
        async with self._database.write(asked_for=False) as connection:
            return (await _merge_papers(connection, papers)).changed

    async def paper(self, paper_id: str) -> Paper | None:
        return (await self.papers([paper_id])).get(paper_id)

    async def papers(self, paper_ids: Sequence[str]) -> dict[str, Paper]:
        found: dict[str, Paper] = {}
        async with self._database.read() as connection:
            for some in chunks(paper_ids):
                rows = await connection.execute(select(PAPERS).where(PAPERS.c.id.in_(some)))
                found.update((row.id, paper_of(row)) for row in rows)
            if others := await known_as(connection, set(paper_ids) - found.keys()):
                for some in chunks(sorted(set(others.values()))):
                    rows = await connection.execute(select(PAPERS).where(PAPERS.c.id.in_(some)))
                    kept = {row.id: paper_of(row) for row in rows}
                    found |= {one: kept[paper_id] for one, paper_id in others.items() if paper_id in kept}
        return found

    async def seen(self, source: SourceName, paper_ids: Sequence[str]) -> dict[str, date | None]:
        found: dict[str, date | None] = {}
        async with self._database.read() as connection:
            for some in chunks(paper_ids):
                homes = {**{one: one for one in some}, **await known_as(connection, some)}
                papers = select(PAPERS.c.id, PAPERS.c.sources).where(PAPERS.c.id.in_(set(homes.values())))
                known = {row.id for row in await connection.execute(papers) if source in row.sources}
                listed = select(LISTINGS.c.paper_id, func.min(LISTINGS.c.day).label("day")).where(
                    LISTINGS.c.source == source, LISTINGS.c.paper_id.in_(known)
                )
                rows = await connection.execute(listed.group_by(LISTINGS.c.paper_id))
                days = {row.paper_id: row.day for row in rows}
                found |= {one: days.get(home) for one, home in homes.items() if home in known}
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
        return await self._newest_first(listed_after(since))

    async def first_listed_since(self, since: datetime, sources: frozenset[SourceName] | None) -> list[Paper]:
        return await self._newest_first(first_listed_after(since, sources))

    async def _newest_first(self, which: ColumnElement[bool]) -> list[Paper]:
        statement = select(PAPERS).where(which).order_by(PAPERS.c.listed_change.desc())
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
        version = self._database.version()
        if version is not None and version == self._all_matched:
            return []
        async with self._database.read() as connection:
            papers = await _stored(connection, (await connection.execute(statement)).all())
        self._all_matched = None if papers else version
        return papers

    async def record_of(self, paper_id: str) -> PaperRecord | None:
        async with self._database.read() as connection:
            paper_id = (await known_as(connection, [paper_id])).get(paper_id, paper_id)
            listed = select(LISTINGS.c.source, LISTINGS.c.day).where(LISTINGS.c.paper_id == paper_id)
            row = (await connection.execute(select(PAPERS).where(PAPERS.c.id == paper_id))).one_or_none()
            if row is None:
                return None
            days = (await connection.execute(listed.order_by(LISTINGS.c.day, LISTINGS.c.source))).all()
            stored = await _stored(connection, [row] if row.listed_change is not None else [])
        return PaperRecord(
            paper=paper_of(row),
            stored=stored[0] if stored else None,
            listings=tuple((SourceName(source), day) for source, day in days),
            is_matched=row.matched_revision >= row.revision,
        )

    async def changed_papers(self, after: int, limit: int) -> Sequence[tuple[int, Paper]]:
        statement = select(PAPERS).where(PAPERS.c.change > after).order_by(PAPERS.c.change).limit(limit)
        async with self._database.read() as connection:
            return [(row.change, paper_of(row)) for row in await connection.execute(statement)]

    async def gone_papers(self, after: int) -> Sequence[str]:
        statement = select(GONE_PAPERS.c.id).where(GONE_PAPERS.c.change > after).order_by(GONE_PAPERS.c.change)
        async with self._database.read() as connection:
            return list((await connection.execute(statement)).scalars())

    async def last_change(self) -> int:
        version = self._database.version()
        if version is None or self._last_change[0] != version:
            async with self._database.read() as connection:
                self._last_change = version, await last_number(connection, Counter.CHANGE)
        return self._last_change[1]

    async def count(self) -> int:
        async with self._database.read() as connection:
            number: int = (await connection.execute(select(func.count()).select_from(PAPERS))).scalar_one()
            return number


@dataclass(frozen=True, slots=True)
class _Merged:
    """How many papers are new or changed, the ids that all are kept by, and those that nobody had listed before.

    `change` is the number of the first one, those of the others follow.
    """

    changed: int = 0
    ids: Sequence[str] = ()
    new: Sequence[str] = ()
    change: int = 0


async def _merge_papers(
    connection: AsyncConnection,
    papers: Sequence[Paper],
    *,
    source: SourceName | None = None,
    listed_at: datetime | None = None,
) -> _Merged:
    """Merges papers into what is known; a source may list them now."""
    if not papers:
        return _Merged()
    # Taking the numbers first locks the counter: whoever else merges papers waits, so what is read here stays true.
    change = await next_numbers(connection, Counter.CHANGE, len(papers))
    ids = {one for paper in papers for one in paper.ids}
    homes = await known_as(connection, ids)
    known: dict[str, Row[Any]] = {}
    for some in chunks(sorted({*ids, *homes.values()})):
        known.update((row.id, row) for row in await connection.execute(select(PAPERS).where(PAPERS.c.id.in_(some))))
    listed_before = await listed_by(connection, source, known) if source else set()
    dois = {paper_id: row.doi for paper_id, row in known.items()}
    # A day may have ten thousand papers, and people wait meanwhile.
    papers, mergers = await asyncio.to_thread(identify, papers, homes, dois)
    mergers = [merger for merger in mergers if merger.gone in known]  # others came in this very batch
    if mergers:
        # Whoever is matching one of them at this moment is waited for, so that no delivery is overlooked.
        for some in chunks(sorted(known)):
            locked = select(PAPERS.c.id).where(PAPERS.c.id.in_(some)).order_by(PAPERS.c.id)
            await connection.execute(locked.with_for_update())
    stints = Stints()
    merged_into: dict[str, list[Row[Any]]] = {}
    for merger in mergers:
        merged_into.setdefault(merger.stays, []).append(known[merger.gone])

    new: dict[str, dict[str, Any]] = {}
    changed: dict[str, dict[str, Any]] = {}
    latest: dict[str, Paper] = {}
    for number, paper in enumerate(papers, change):
        await stints.rest()
        row, gone = known.get(paper.id), merged_into.get(paper.id, ())
        before = latest.get(paper.id) or _before(row, gone, paper.id)
        merged = merge(before, paper) if before else paper
        latest[paper.id] = merged
        listed = _first_listed(row, gone) or ((listed_at, number) if listed_at else (None, None))
        if row is None:
            new[paper.id] = {
                **_columns_of(merged),
                "listed_at": listed[0],
                "listed_change": listed[1],
                "revision": 1,
                "matched_revision": 0,
                "change": number,
            }
        elif (
            # News to channels that take papers from this source and not from those that listed it before.
            (source and listed_before.isdisjoint({paper.id, *(one.id for one in gone)}))
            or listed[0] != row.listed_at
            or merged != paper_of(row)
        ):
            changed[paper.id] = {
                **{f"new_{name}": value for name, value in _columns_of(merged).items()},
                "new_listed_at": listed[0],
                "new_listed_change": listed[1],
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
    await remember_ids(connection, [latest[paper_id] for paper_id in (*new, *changed)])
    await merge_rows(connection, mergers)
    first_listed = [paper_id for paper_id, row in new.items() if row["listed_at"]]
    first_listed += [paper_id for paper_id, row in changed.items() if row["new_listed_at"] != known[paper_id].listed_at]
    return _Merged(len(new) + len(changed), [paper.id for paper in papers], first_listed, change)


def _before(row: Row[Any] | None, gone: Sequence[Row[Any]], paper_id: str) -> Paper | None:
    """What was known of a paper, also under the ids that are gone."""
    parts = [replace(paper_of(one), id=paper_id) for one in gone] + ([paper_of(row)] if row else [])
    return reduce(merge, parts) if parts else None


def _first_listed(row: Row[Any] | None, gone: Sequence[Row[Any]]) -> tuple[datetime, int] | None:
    """When a source first showed the paper, under whichever id, and the number of that change."""
    listed = [(one.listed_at, one.listed_change) for one in (row, *gone) if one is not None and one.listed_at]
    return min(listed, key=lambda pair: pair[1], default=None)


def _text_of(paper: Paper | Row[Any]) -> tuple[str, str]:
    """What vectors are made from (`bot.meaning.model.embedded_text`)."""
    return paper.title, paper.abstract
