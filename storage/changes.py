"""Change numbers: one counter for papers and topics together, in the order in which transactions commit."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import COUNTERS

_NAME = "change"


async def next_changes(connection: AsyncConnection, count: int = 1) -> int:
    """Takes `count` numbers and returns the first. The counter's row stays locked until the transaction ends.

    That lock is the point: a higher number can never become visible before a lower one, so a reader that follows
    the numbers misses nothing. (A sequence gives no such promise.)
    """
    statement = (
        update(COUNTERS)
        .where(COUNTERS.c.name == _NAME)
        .values(value=COUNTERS.c.value + count)
        .returning(COUNTERS.c.value)
    )
    last: int = (await connection.execute(statement)).scalar_one()
    return last - count + 1


async def last_change(connection: AsyncConnection) -> int:
    value: int | None = (
        await connection.execute(select(COUNTERS.c.value).where(COUNTERS.c.name == _NAME))
    ).scalar_one_or_none()
    return value or 0
