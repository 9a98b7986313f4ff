"""Figures for operators: what the database holds, and what waits in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from bot.channels.channel import ChannelState
from bot.metrics import StoreFigures
from bot.posting.post import PostState
from storage.database import Database
from storage.tables.channels import CHANNELS
from storage.tables.papers import PAPERS
from storage.tables.posts import POSTS
from storage.tables.sources import SOURCES
from storage.tables.topics import SUBSCRIPTIONS

#: Digests are planned every two seconds; one that is due for longer is late.
LATE_AFTER: Final = timedelta(minutes=1)
_WAITING: Final = (PostState.PENDING, PostState.LEASED, PostState.UNKNOWN)


class SqlFigures:
    """What is counted for operators."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def at(self, now: datetime) -> StoreFigures:
        """Everything at one moment. Posts of channels that somebody paused, or that are broken, wait for nobody.

        Raises `StorageError` also for a database that could only be read.
        """
        await self._database.prove_writable()
        late = select(func.count()).where(
            CHANNELS.c.state == ChannelState.ACTIVE, CHANNELS.c.next_digest_at < now - LATE_AFTER
        )
        oldest = (
            select(func.min(POSTS.c.created_at))
            .join(CHANNELS, CHANNELS.c.id == POSTS.c.channel_id)
            .where(POSTS.c.state.in_(_WAITING), CHANNELS.c.state == ChannelState.ACTIVE)
        )
        async with self._database.read() as connection:
            rows = {
                table.name: int(await connection.scalar(select(func.count()).select_from(table)) or 0)
                for table in (PAPERS, CHANNELS)
            }
            topics = select(func.count()).where(SUBSCRIPTIONS.c.removed_at.is_(None))
            rows["subscriptions"] = int(await connection.scalar(topics) or 0)
            by_state = select(POSTS.c.state, func.count().label("posts")).group_by(POSTS.c.state)
            posts = dict.fromkeys((state.value for state in PostState), 0)
            posts |= {row.state: row.posts for row in await connection.execute(by_state)}
            read = select(SOURCES.c.name, SOURCES.c.last_success_at, SOURCES.c.failures)
            sources = (await connection.execute(read)).all()
            return StoreFigures(
                rows=rows,
                posts=posts,
                oldest_waiting_at=await connection.scalar(oldest),
                late_digests=int(await connection.scalar(late) or 0),
                read_at={row.name: row.last_success_at for row in sources if row.last_success_at},
                failures={row.name: row.failures for row in sources},
                connections=self._database.connections,
            )
