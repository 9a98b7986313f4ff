"""What the database says of itself and of what is in it, for the health report."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, Select, Table, delete, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.channel import ChannelState, PlatformName
from bot.errors import StorageError
from bot.health.report import (
    MOST_NAMED,
    OUTCOMES_OF,
    DatabaseHealth,
    DigestTime,
    Process,
    StoredFacts,
)
from bot.platforms.access import Refusal
from bot.posting.post import PostState
from bot.posting.roles import ProcessRole
from storage.database.database import Database
from storage.database.statements import upsert
from storage.posting.due_posts import OPEN
from storage.tables.channels import CHANNELS, PERSONAL_CHANNELS
from storage.tables.papers import PAPERS
from storage.tables.posts import POSTS
from storage.tables.processes import PROCESSES
from storage.tables.topics import SUBSCRIPTIONS

#: Digests are planned every two seconds; one that is due for longer is late.
LATE_AFTER: Final = timedelta(minutes=1)
#: What is left of processes that were killed is forgotten after so long.
FORGOTTEN_AFTER: Final = timedelta(days=1)


class SqlHealthStore:
    """Implements `bot.health.store.HealthStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._written_at: datetime | None = None

    async def database(self, now: datetime) -> DatabaseHealth:
        problem = ""
        try:
            await self._database.prove_writable()
            self._written_at = now
        except StorageError as error:
            problem = str(error)
        return DatabaseHealth(
            kind="SQLite" if self._database.is_sqlite else "PostgreSQL",
            place=self._database.place,
            problem=problem,
            written_at=self._written_at,
            connections=self._database.connections,
            failures=dict(self._database.availability.failures),
        )

    async def facts(self, now: datetime) -> StoredFacts:
        async with self._database.read() as connection:
            posts = await _counts(connection, POSTS.c.state)
            outcomes = await _counts(
                connection,
                POSTS.c.state,
                POSTS.c.state.in_([PostState.SENT, PostState.FAILED]),
                POSTS.c.due_at > now - OUTCOMES_OF,
            )
            channels = await _counts(connection, CHANNELS.c.state)
            # Who takes no messages from us is told so; for whoever runs the bot there is nothing to mend.
            refused = (
                select(CHANNELS.c.id)
                .outerjoin(PERSONAL_CHANNELS, PERSONAL_CHANNELS.c.channel_id == CHANNELS.c.id)
                .where(CHANNELS.c.state == ChannelState.BROKEN, PERSONAL_CHANNELS.c.person.is_(None))
            )
            broken = await connection.execute(refused.order_by(CHANNELS.c.id).limit(MOST_NAMED))
            broken_ids = list(broken.scalars())
            many = len(broken_ids) == MOST_NAMED
            return StoredFacts(
                rows={
                    "papers": await _count(connection, PAPERS),
                    "channels": sum(channels.values()),
                    "subscriptions": await _count(connection, SUBSCRIPTIONS, SUBSCRIPTIONS.c.removed_at.is_(None)),
                },
                posts={state: posts.get(state, 0) for state in PostState},
                outcomes={state: outcomes.get(state, 0) for state in (PostState.SENT, PostState.FAILED)},
                oldest_waiting_at=await connection.scalar(_oldest_waiting()),
                late_digests=await connection.scalar(_late_digests(now)) or 0,
                channels={state: channels.get(state, 0) for state in ChannelState},
                broken=broken_ids,
                broken_count=(await connection.scalar(select(func.count()).select_from(refused.subquery())) or 0)
                if many
                else len(broken_ids),
                digests=await _digest_times(connection, now),
                processes=[_process(row) for row in (await connection.execute(select(PROCESSES))).mappings()],
                size=await self._size(connection),
            )

    async def beat(self, process: Process) -> None:
        values = asdict(process)
        async with self._database.write(asked_for=False) as connection:
            row = upsert(connection, PROCESSES).values(values)
            await connection.execute(row.on_conflict_do_update(index_elements=["id"], set_=values))
            silent = PROCESSES.c.seen_at < process.seen_at - FORGOTTEN_AFTER
            ahead = PROCESSES.c.seen_at > process.seen_at + FORGOTTEN_AFTER  # by a clock that was
            await connection.execute(delete(PROCESSES).where(or_(silent, ahead)))

    async def leave(self, process_id: str) -> None:
        async with self._database.write(asked_for=False) as connection:
            await connection.execute(delete(PROCESSES).where(PROCESSES.c.id == process_id))

    async def _size(self, connection: AsyncConnection) -> int:
        """Bytes on disk, less the log of what was written lately."""
        if not self._database.is_sqlite:
            return int(await connection.scalar(text("SELECT pg_database_size(current_database())")) or 0)
        pages = await connection.scalar(text("PRAGMA page_count")) or 0
        return int(pages * (await connection.scalar(text("PRAGMA page_size")) or 0))


def _process(row: RowMapping) -> Process:
    refusals = [Refusal(PlatformName(one["platform"]), one["advice"]) for one in row["refusals"]]
    return Process(**{**row, "role": ProcessRole(row["role"]), "refusals": refusals})


async def _counts(
    connection: AsyncConnection, column: ColumnElement[Any], *conditions: ColumnElement[bool]
) -> dict[str, int]:
    statement = select(column.label("value"), func.count().label("rows")).where(*conditions).group_by(column)
    return {row.value: row.rows for row in await connection.execute(statement)}


async def _count(connection: AsyncConnection, table: Table, *conditions: ColumnElement[bool]) -> int:
    return int(await connection.scalar(select(func.count()).select_from(table).where(*conditions)) or 0)


def _oldest_waiting() -> Select[Any]:
    """Posts of channels that somebody paused, or that are broken, wait for nobody."""
    return (
        select(func.min(POSTS.c.created_at))
        .join(CHANNELS, CHANNELS.c.id == POSTS.c.channel_id)
        .where(POSTS.c.state.in_(OPEN), CHANNELS.c.state == ChannelState.ACTIVE)
    )


def _late_digests(now: datetime) -> Select[Any]:
    return select(func.count()).where(
        CHANNELS.c.state == ChannelState.ACTIVE, CHANNELS.c.next_digest_at < now - LATE_AFTER
    )


async def _digest_times(connection: AsyncConnection, now: datetime) -> list[DigestTime]:
    """When the digests of active channels come; channels that are alike in that are one."""
    statement = (
        select(
            CHANNELS.c.schedule,
            CHANNELS.c.time_zone,
            CHANNELS.c.next_digest_at,
            func.count().label("channels"),
        )
        .where(CHANNELS.c.state == ChannelState.ACTIVE, CHANNELS.c.next_digest_at < now + timedelta(days=1))
        .group_by(CHANNELS.c.schedule, CHANNELS.c.time_zone, CHANNELS.c.next_digest_at)
    )
    return [DigestTime(**row) for row in (await connection.execute(statement)).mappings()]
