"""Idempotency keys, kept for as long as what they stand for may come again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, or_, select

from storage.database.database import Database
from storage.database.statements import upsert
from storage.tables.posts import IDEMPOTENCY_KEYS

#: Keys whose time is over that each claim clears away: more than it adds, so that they never gather.
CLEARED: Final = 10
#: Processes whose clocks are so far apart claim the same key for about the same time. What ends later than that was
#: claimed by a clock that was ahead, and holds up nobody.
CLOCKS_APART: Final = timedelta(minutes=1)


class SqlIdempotencyStore:
    """Implements `bot.platforms.idempotency.IdempotencyStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, key: str, *, now: datetime, until: datetime) -> bool:
        keys = IDEMPOTENCY_KEYS
        async with self._database.write() as connection:
            row = upsert(connection, keys).values(key=key, expires_at=until)
            claim = row.on_conflict_do_update(
                index_elements=["key"],
                set_={"expires_at": row.excluded.expires_at},
                where=or_(keys.c.expires_at <= now, keys.c.expires_at > until + CLOCKS_APART),
            ).returning(keys.c.key)
            claimed = (await connection.execute(claim)).one_or_none() is not None
            expired = select(keys.c.key).where(keys.c.expires_at <= now).order_by(keys.c.expires_at).limit(CLEARED)
            # Another process may be at the same ones.
            await connection.execute(delete(keys).where(keys.c.key.in_(expired.with_for_update(skip_locked=True))))
        return claimed

    async def release(self, key: str) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(IDEMPOTENCY_KEYS).where(IDEMPOTENCY_KEYS.c.key == key))
