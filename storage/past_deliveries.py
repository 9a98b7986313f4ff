"""Papers that were once posted in a channel, after everything else about that was forgotten.

Each takes a few bytes: the channel's id, and 63 bits of a hash for every id that the paper had. So it is known for ever
what must not be posted again, also when the paper itself is gone and comes back, under whichever of its ids. That two
different papers of one channel look alike is less likely than one in a billion in a channel with 100,000 papers.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.statements import chunks, upsert
from storage.tables.papers import PAPER_IDS
from storage.tables.posts import PAST_DELIVERIES


def paper_number(paper_id: str) -> int:
    """What is kept of an id."""
    return int.from_bytes(hashlib.sha256(paper_id.encode()).digest()[:8]) >> 1


async def remember(connection: AsyncConnection, deliveries: Iterable[tuple[int, str]]) -> None:
    """Notes that these papers were posted in these channels, by all ids that they have now."""
    pairs = list(deliveries)
    ids = await ids_of(connection, {paper_id for _, paper_id in pairs})
    rows = [
        {"channel_id": channel_id, "paper": paper_number(one)}
        for channel_id, paper_id in pairs
        for one in ids[paper_id]
    ]
    for some in chunks(rows):
        await connection.execute(upsert(connection, PAST_DELIVERIES).on_conflict_do_nothing(), list(some))


async def remembered(connection: AsyncConnection, pairs: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those of these (channel, paper) of which it is remembered that they were posted."""
    ids = await ids_of(connection, {paper_id for _, paper_id in pairs})
    asked: defaultdict[tuple[int, int], set[tuple[int, str]]] = defaultdict(set)
    for channel_id, paper_id in pairs:
        for one in ids[paper_id]:
            asked[channel_id, paper_number(one)].add((channel_id, paper_id))
    found: set[tuple[int, str]] = set()
    key = tuple_(PAST_DELIVERIES.c.channel_id, PAST_DELIVERIES.c.paper)
    for some in chunks(sorted(asked)):
        statement = select(PAST_DELIVERIES.c.channel_id, PAST_DELIVERIES.c.paper).where(key.in_(some))
        for row in await connection.execute(statement):
            found |= asked[row.channel_id, row.paper]
    return found


async def ids_of(connection: AsyncConnection, paper_ids: Collection[str]) -> dict[str, set[str]]:
    """All ids of these papers."""
    ids = {paper_id: {paper_id} for paper_id in paper_ids}
    for some in chunks(sorted(paper_ids)):
        for row in await connection.execute(select(PAPER_IDS).where(PAPER_IDS.c.paper_id.in_(some))):
            ids[row.paper_id].add(row.id)
    return ids
