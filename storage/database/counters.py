"""Numbers in the order in which transactions commit."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database.news import News, notify
from storage.tables.papers import COUNTERS


class Counter(StrEnum):
    """`CHANGE` numbers what happens to papers and topics together, `VECTOR` the vectors of papers, `WEB_MESSAGE` the
    messages of the web workspace.
    """

    CHANGE = "change"
    VECTOR = "vector"
    WEB_MESSAGE = "web_message"


async def next_numbers(connection: AsyncConnection, counter: Counter, count: int = 1) -> int:
    """Takes `count` numbers and returns the first. The counter's row stays locked until the transaction ends.

    That lock is the point: a higher number can never become visible before a lower one, so a reader that follows
    the numbers misses nothing. (A sequence gives no such promise.)
    """
    statement = (
        update(COUNTERS)
        .where(COUNTERS.c.name == counter)
        .values(value=COUNTERS.c.value + count)
        .returning(COUNTERS.c.value)
    )
    last: int = (await connection.execute(statement)).scalar_one()
    if counter is Counter.CHANGE:
        await notify(connection, News.CHANGES)
    return last - count + 1


async def last_number(connection: AsyncConnection, counter: Counter) -> int:
    value: int = (await connection.execute(select(COUNTERS.c.value).where(COUNTERS.c.name == counter))).scalar_one()
    return value
