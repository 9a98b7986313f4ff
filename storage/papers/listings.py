"""Listings: which sources listed papers, and when each first did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.papers.paper import FirstListing
from bot.papers.sources import SourceName
from storage.database.statements import chunks
from storage.tables.papers import LISTINGS, PAPERS


def listed_after(since: datetime) -> ColumnElement[bool]:
    """Whether any source listed the paper after that time."""
    return PAPERS.c.id.in_(select(LISTINGS.c.paper_id).where(LISTINGS.c.listed_at > since))


def first_listed_after(since: datetime, sources: frozenset[SourceName] | None) -> ColumnElement[bool]:
    """Whether the first listing of the paper by one of these sources (None for all) was after that time."""
    if sources is None:
        return PAPERS.c.listed_at > since
    listed = select(LISTINGS.c.paper_id).where(LISTINGS.c.source.in_(sorted(sources)))
    before = listed.where(LISTINGS.c.paper_id == PAPERS.c.id, LISTINGS.c.listed_at <= since)
    return PAPERS.c.id.in_(listed.where(LISTINGS.c.listed_at > since)) & ~before.exists()


async def first_listings(
    connection: AsyncConnection, paper_ids: Sequence[str]
) -> dict[str, dict[SourceName, FirstListing]]:
    """When each source first listed each of these papers."""
    found: defaultdict[str, dict[SourceName, FirstListing]] = defaultdict(dict)
    columns = (LISTINGS.c.paper_id, LISTINGS.c.source, LISTINGS.c.listed_at, LISTINGS.c.listed_change)
    for some in chunks(paper_ids):
        # A source may list a paper on several days: the first one is read last, and stays.
        listings = select(*columns).where(LISTINGS.c.paper_id.in_(some)).order_by(LISTINGS.c.listed_change.desc())
        for row in await connection.execute(listings):
            found[row.paper_id][SourceName(row.source)] = FirstListing(row.listed_at, row.listed_change)
    return found


async def listed_by(connection: AsyncConnection, source: SourceName, paper_ids: Collection[str]) -> set[str]:
    """Those of the papers that the source has listed."""
    found: set[str] = set()
    for some in chunks(sorted(paper_ids)):
        listed = select(LISTINGS.c.paper_id).where(LISTINGS.c.source == source, LISTINGS.c.paper_id.in_(some))
        found.update((await connection.execute(listed)).scalars())
    return found
