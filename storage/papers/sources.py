"""The health of the sources, and what was read of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select, update

from bot.intake.store import DayReading, SourceState
from bot.papers.sources import BUILT_IN, SourceName, in_order
from storage.database.database import Database
from storage.database.statements import upsert
from storage.tables.sources import FEEDS, SOURCE_DAYS, SOURCES

LONGEST_ERROR = 500  # characters of a failure that are kept


class SqlSourceStore:
    """Implements `bot.intake.store.SourceStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def names(self) -> list[SourceName]:
        async with self._database.read() as connection:
            added = (await connection.execute(select(FEEDS.c.name))).scalars()
            return in_order([*BUILT_IN, *map(SourceName, added)])

    async def states(self) -> list[SourceState]:
        async with self._database.read() as connection:
            known = {row.name: row for row in await connection.execute(select(SOURCES))}
        return [_state_of(name, known.get(name)) for name in await self.names()]

    async def state(self, name: SourceName) -> SourceState:
        async with self._database.read() as connection:
            row = (await connection.execute(select(SOURCES).where(SOURCES.c.name == name))).one_or_none()
        return _state_of(name, row)

    async def readings(self, name: SourceName, days: Sequence[date]) -> dict[date, DayReading]:
        statement = select(SOURCE_DAYS).where(SOURCE_DAYS.c.source == name, SOURCE_DAYS.c.day.in_(days))
        async with self._database.read() as connection:
            rows = await connection.execute(statement)
            return {row.day: DayReading(row.read_at, row.validator) for row in rows}

    async def record_unchanged(self, name: SourceName, day: date, now: datetime) -> None:
        statement = (
            update(SOURCE_DAYS).where(SOURCE_DAYS.c.source == name, SOURCE_DAYS.c.day == day).values(read_at=now)
        )
        async with self._database.write() as connection:
            await connection.execute(statement)

    async def begin_from(self, name: SourceName, day: date) -> None:
        await self._record(name, {"read_through": day})

    async def record_success(self, name: SourceName, now: datetime, read_through: date | None) -> None:
        values = {"last_success_at": now, "failures": 0, "last_error": "", "retry_at": None}
        await self._record(name, values if read_through is None else {**values, "read_through": read_through})

    async def record_failure(self, name: SourceName, now: datetime, error: str, retry_at: datetime | None) -> None:
        changes = {
            "last_failure_at": now,
            "last_error": error[:LONGEST_ERROR],
            "failures": SOURCES.c.failures + 1,
            "retry_at": retry_at,
        }
        await self._record(name, changes, first={"failures": 1})

    async def _record(self, name: SourceName, changes: dict[str, Any], first: dict[str, Any] | None = None) -> None:
        blank = {
            "last_success_at": None,
            "last_failure_at": None,
            "last_error": "",
            "failures": 0,
            "read_through": None,
            "retry_at": None,
        }
        async with self._database.write() as connection:
            row = upsert(connection, SOURCES).values({**blank, **changes, **(first or {}), "name": name})
            await connection.execute(row.on_conflict_do_update(index_elements=["name"], set_=changes))


def _state_of(name: SourceName, row: Row[Any] | None) -> SourceState:
    if row is None:
        return SourceState(name=name)
    return SourceState(
        name=name,
        last_success_at=row.last_success_at,
        last_failure_at=row.last_failure_at,
        last_error=row.last_error,
        failures=row.failures,
        read_through=row.read_through,
        retry_at=row.retry_at,
    )
