"""The feeds that people add."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, delete, not_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.intake.feeds import Feed
from bot.papers.sources import SourceName
from storage.database.database import Database
from storage.database.statements import upsert
from storage.tables.sources import FEEDS, SOURCE_DAYS, SOURCES


class SqlFeedStore:
    """Implements `bot.intake.feeds.FeedStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def feeds(self) -> list[Feed]:
        async with self._database.read() as connection:
            return [_feed_of(row) for row in await connection.execute(select(FEEDS).order_by(FEEDS.c.name))]

    async def add(self, feed: Feed) -> Feed | None:
        async with self._database.write() as connection:
            if await _add(connection, feed):
                return None
            same = or_(FEEDS.c.name == feed.name, FEEDS.c.address == feed.address)
            return _feed_of((await connection.execute(select(FEEDS).where(same).limit(1))).one())

    async def remove(self, name: SourceName) -> bool:
        async with self._database.write() as connection:
            gone = await connection.execute(delete(FEEDS).where(FEEDS.c.name == name))
            if gone.rowcount:
                await _forget_readings(connection, name)
            return gone.rowcount == 1

    async def keep_from_settings(self, feeds: Sequence[Feed]) -> None:
        async with self._database.write() as connection:
            kept = tuple_(FEEDS.c.name, FEEDS.c.address).in_([(feed.name, feed.address) for feed in feeds])
            # Those with another name go, too, before any comes: two may have changed their names with each other.
            await connection.execute(delete(FEEDS).where(FEEDS.c.from_settings.is_(True), not_(kept)))
            for feed in feeds:
                await _add(connection, feed)


async def _add(connection: AsyncConnection, feed: Feed) -> bool:
    """Adds a feed that has not been read, whoever had its name before: one may be read while it is taken away."""
    adding = upsert(connection, FEEDS).values(**asdict(feed)).on_conflict_do_nothing()
    added = (await connection.execute(adding)).rowcount == 1
    if added:
        await _forget_readings(connection, feed.name)
    return added


async def _forget_readings(connection: AsyncConnection, name: SourceName) -> None:
    await connection.execute(delete(SOURCES).where(SOURCES.c.name == name))
    await connection.execute(delete(SOURCE_DAYS).where(SOURCE_DAYS.c.source == name))


def _feed_of(row: Row[Any]) -> Feed:
    return Feed(
        name=SourceName(row.name),
        address=row.address,
        title=row.title,
        added_by=row.added_by,
        added_at=row.added_at,
        from_settings=row.from_settings,
    )
