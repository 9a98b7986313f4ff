"""Who changed what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, or_, select, update

from bot.channels.channel import Address, PlatformName
from bot.people.audit import AuditLine, Change, Outcome, Via
from storage.database.database import Database
from storage.tables.people import AUDIT_LINES


class SqlAuditStore:
    """Implements `bot.people.audit.AuditStore`. What it writes is not what people asked to be changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, change: Change, outcome: Outcome = Outcome.BEGUN) -> int:
        address = change.address
        row = AUDIT_LINES.insert().values(
            at=change.at,
            via=change.via,
            person=change.person,
            name=change.name,
            platform=address.platform if address else "",
            workspace=address.workspace if address else "",
            channel=address.channel if address else "",
            channel_name=change.channel_name,
            line=change.line,
            outcome=outcome,
        )
        async with self._database.write(asked_for=False) as connection:
            written: int = (await connection.execute(row.returning(AUDIT_LINES.c.id))).scalar_one()
        return written

    async def settle(self, line_id: int, outcome: Outcome | None) -> None:
        this_one = AUDIT_LINES.c.id == line_id
        async with self._database.write(asked_for=False) as connection:
            if outcome is None:
                await connection.execute(delete(AUDIT_LINES).where(this_one))
            else:
                await connection.execute(update(AUDIT_LINES).where(this_one).values(outcome=outcome))

    async def lines(
        self, *, limit: int, before: int | None = None, address: Address | None = None
    ) -> Sequence[AuditLine]:
        statement = select(AUDIT_LINES).order_by(AUDIT_LINES.c.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(AUDIT_LINES.c.id < before)
        if address is not None:
            statement = statement.where(
                AUDIT_LINES.c.platform == address.platform,
                AUDIT_LINES.c.workspace == address.workspace,
                AUDIT_LINES.c.channel == address.channel,
            )
        async with self._database.read() as connection:
            return [_line_of(row) for row in await connection.execute(statement)]

    async def delete_old(self, written_before: datetime, most: int, limit: int) -> int:
        beyond = select(AUDIT_LINES.c.id).order_by(AUDIT_LINES.c.id.desc()).offset(most).limit(1).scalar_subquery()
        old = select(AUDIT_LINES.c.id).where(or_(AUDIT_LINES.c.at < written_before, AUDIT_LINES.c.id <= beyond))
        statement = delete(AUDIT_LINES).where(AUDIT_LINES.c.id.in_(old.order_by(AUDIT_LINES.c.id).limit(limit)))
        async with self._database.write(asked_for=False) as connection:
            return (await connection.execute(statement)).rowcount


def _line_of(row: Row[Any]) -> AuditLine:
    address = Address(PlatformName(row.platform), row.workspace, row.channel) if row.platform else None
    change = Change(
        at=row.at,
        via=Via(row.via),
        person=row.person,
        name=row.name,
        line=row.line,
        address=address,
        channel_name=row.channel_name,
    )
    return AuditLine(row.id, change, Outcome(row.outcome))
