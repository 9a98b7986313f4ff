"""Feeds of channels, by the hash of the secret in their addresses."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, delete, update

from bot.channels.channel_feed import ChannelFeed, FeedForm
from storage.channels.channel_rows import channel_of, select_channels
from storage.database.database import Database
from storage.database.statements import upsert
from storage.tables.channels import CHANNEL_FEEDS, CHANNELS, WORKSPACES


class SqlChannelFeedStore:
    """Implements `bot.channels.channel_feed.ChannelFeedStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def publish(self, channel_id: int, key: str, *, form: FeedForm | None, tag: str, now: datetime) -> FeedForm:
        async with self._database.write() as connection:
            adding = upsert(connection, CHANNEL_FEEDS).values(
                channel_id=channel_id, key=key, form=form or FeedForm.PAPERS, tag=tag, changed_at=now
            )
            changes = {"key": key} | ({"form": form, "changed_at": now} if form else {})
            adding = adding.on_conflict_do_update(index_elements=["channel_id"], set_=changes)
            return FeedForm((await connection.execute(adding.returning(CHANNEL_FEEDS.c.form))).scalar_one())

    async def reshape(self, channel_id: int, form: FeedForm, now: datetime) -> None:
        statement = update(CHANNEL_FEEDS).where(CHANNEL_FEEDS.c.channel_id == channel_id)
        async with self._database.write() as connection:
            await connection.execute(statement.values(form=form, changed_at=now))

    async def withdraw(self, channel_id: int) -> bool:
        async with self._database.write() as connection:
            gone = await connection.execute(delete(CHANNEL_FEEDS).where(CHANNEL_FEEDS.c.channel_id == channel_id))
            return gone.rowcount == 1

    async def of_channel(self, channel_id: int) -> ChannelFeed | None:
        return await self._find(CHANNEL_FEEDS.c.channel_id == channel_id)

    async def behind(self, key: str) -> ChannelFeed | None:
        return await self._find((CHANNEL_FEEDS.c.key == key) & WORKSPACES.c.left_at.is_(None))

    async def _find(self, which: ColumnElement[bool]) -> ChannelFeed | None:
        statement = (
            select_channels()
            .add_columns(CHANNEL_FEEDS.c.form, CHANNEL_FEEDS.c.tag, CHANNEL_FEEDS.c.changed_at)
            .join(CHANNEL_FEEDS, CHANNEL_FEEDS.c.channel_id == CHANNELS.c.id)
            .where(which)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).one_or_none()
        if row is None:
            return None
        return ChannelFeed(channel=channel_of(row), form=FeedForm(row.form), tag=row.tag, changed_at=row.changed_at)
