"""Papers that turn out to be one, in everything that is stored about them.

What was about the one that goes is about the other from then on: deliveries above all, so that no channel gets it
twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Column, Table, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from storage.database.statements import upsert
from storage.papers.ids import Merger
from storage.posting.mergers import merge_deliveries
from storage.tables.papers import LISTINGS, PAPERS, VECTORS
from storage.tables.posts import DELIVERIES


async def merge_rows(connection: AsyncConnection, mergers: Sequence[Merger]) -> None:
    """Makes everything that was about the papers that are gone be about those that stay, and deletes them.

    What papers are known as is noted by now, and none of them is gone and stays.
    """
    if mergers:
        await merge_deliveries(connection, mergers)
    for merger in mergers:
        await _merge_listings(connection, merger)
        for column in _columns_about_papers():
            # A vector is of a text, and goes with it.
            if column.table not in (DELIVERIES, LISTINGS, VECTORS):
                await _rename(connection, column, merger)
        await connection.execute(delete(PAPERS).where(PAPERS.c.id == merger.gone))


async def _merge_listings(connection: AsyncConnection, merger: Merger) -> None:
    """The listings of both, the earlier one where a source listed both on a day."""
    theirs = delete(LISTINGS).where(LISTINGS.c.paper_id == merger.gone).returning(*LISTINGS.c)
    rows = (await connection.execute(theirs)).mappings().all()
    if rows:
        adding = upsert(connection, LISTINGS)
        earlier = adding.on_conflict_do_update(
            index_elements=list(LISTINGS.primary_key),
            set_={name: adding.excluded[name] for name in ("listed_at", "listed_change")},
            where=adding.excluded.listed_change < LISTINGS.c.listed_change,
        )
        await connection.execute(earlier, [{**row, "paper_id": merger.stays} for row in rows])


def _columns_about_papers() -> list[Column[str]]:
    return [
        key.parent
        for table in SQLModel.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column is PAPERS.c.id
    ]


async def _rename(connection: AsyncConnection, column: Column[str], merger: Merger) -> None:
    """Rows of the paper that is gone, less those that the other has as well."""
    table: Table = column.table
    if not column.primary_key:
        await connection.execute(update(table).where(column == merger.gone).values({column.name: merger.stays}))
        return
    rows = (await connection.execute(select(table).where(column == merger.gone))).mappings().all()
    if rows:
        moved = [{**row, column.name: merger.stays} for row in rows]
        await connection.execute(delete(table).where(column == merger.gone))
        await connection.execute(upsert(connection, table).on_conflict_do_nothing(), moved)
