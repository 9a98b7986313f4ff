"""The messages of the local web workspace."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, or_, select, update

from bot.messages.message import MESSAGE_JSON, Message
from bot.platforms.message_log import Arrival, LoggedMessage
from storage.database.counters import Counter, next_numbers
from storage.database.database import Database
from storage.database.statements import chunks, upsert
from storage.tables.posts import WEB_MESSAGES


class SqlMessageLog:
    """Implements `bot.platforms.message_log.MessageLog`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, channel: str, message: Message, *, key: str, reply_to: int | None, posted_at: datetime
    ) -> LoggedMessage:
        async with self._database.write() as connection:
            # The number comes first: it locks the counter, so that readers who follow the ids miss no message.
            number = await next_numbers(connection, Counter.WEB_MESSAGE)
            row = upsert(connection, WEB_MESSAGES).values(
                id=number,
                channel=channel,
                key=key,
                reply_to=reply_to,
                message=MESSAGE_JSON.dump_python(message, mode="json"),
                posted_at=posted_at,
            )
            await connection.execute(row.on_conflict_do_nothing(index_elements=["key"]))
            return _message_of((await connection.execute(select(WEB_MESSAGES).where(WEB_MESSAGES.c.key == key))).one())

    async def change(self, message_id: int, message: Message) -> LoggedMessage | None:
        statement = (
            update(WEB_MESSAGES)
            .where(WEB_MESSAGES.c.id == message_id)
            .values(message=MESSAGE_JSON.dump_python(message, mode="json"))
            .returning(WEB_MESSAGES)
        )
        async with self._database.write() as connection:
            row = (await connection.execute(statement)).one_or_none()
            return _message_of(row) if row else None

    async def find(self, key: str) -> LoggedMessage | None:
        found = await self._messages(select(WEB_MESSAGES).where(WEB_MESSAGES.c.key == key))
        return found[0] if found else None

    async def page(self, channel: str, *, before: int | None, limit: int) -> Sequence[LoggedMessage]:
        heads = select(WEB_MESSAGES.c.id).where(WEB_MESSAGES.c.channel == channel, WEB_MESSAGES.c.reply_to.is_(None))
        if before is not None:
            heads = heads.where(WEB_MESSAGES.c.id < before)
        latest = heads.order_by(WEB_MESSAGES.c.id.desc()).limit(limit).subquery()
        chosen = select(latest.c.id)
        return await self._messages(
            select(WEB_MESSAGES)
            .where(or_(WEB_MESSAGES.c.id.in_(chosen), WEB_MESSAGES.c.reply_to.in_(chosen)))
            .order_by(WEB_MESSAGES.c.id)
        )

    async def after(self, message_id: int, *, limit: int) -> Sequence[Arrival]:
        statement = (
            select(WEB_MESSAGES.c.id, WEB_MESSAGES.c.channel)
            .where(WEB_MESSAGES.c.id > message_id)
            .order_by(WEB_MESSAGES.c.id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [Arrival(row.id, row.channel) for row in await connection.execute(statement)]

    async def get(self, message_ids: Sequence[int]) -> Sequence[LoggedMessage]:
        return await self._messages(
            select(WEB_MESSAGES).where(WEB_MESSAGES.c.id.in_(message_ids)).order_by(WEB_MESSAGES.c.id)
        )

    async def latest_ids(self, channels: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        async with self._database.read() as connection:
            for some in chunks(channels, 100):
                # Each is the end of an index; grouped, all messages that there ever were would be counted.
                latest = [
                    select(func.max(WEB_MESSAGES.c.id)).where(WEB_MESSAGES.c.channel == channel).scalar_subquery()
                    for channel in some
                ]
                row = (await connection.execute(select(*latest))).one()
                found.update((channel, number or 0) for channel, number in zip(some, row, strict=True))
        return found

    async def last_id(self) -> int:
        async with self._database.read() as connection:
            return (await connection.execute(select(func.max(WEB_MESSAGES.c.id)))).scalar_one() or 0

    async def _messages(self, statement: Select[Any]) -> list[LoggedMessage]:
        async with self._database.read() as connection:
            return [_message_of(row) for row in await connection.execute(statement)]


def _message_of(row: Row[Any]) -> LoggedMessage:
    return LoggedMessage(
        id=row.id,
        channel=row.channel,
        message=MESSAGE_JSON.validate_python(row.message),
        reply_to=row.reply_to,
        posted_at=row.posted_at,
    )
