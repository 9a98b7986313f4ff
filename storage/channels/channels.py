"""Workspaces and channels."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.background import Stints
from bot.channels.channel import Address, Channel, ChannelSettings, ChannelState, PlatformName, Workspace
from storage.channels.channel_rows import SETTINGS_JSON, at_address, channel_of, deleted_meanwhile, select_channels
from storage.channels.ends import delete_marked, mark_deleted, rename_channel
from storage.channels.stops import break_channels, stop_workspace
from storage.database.conflicts import tried_again
from storage.database.database import Database
from storage.database.news import News, notify
from storage.database.statements import chunks, upsert
from storage.retention import delete_left_workspaces
from storage.tables.channels import CHANNELS, MAIL_RECIPIENTS, PERSONAL_CHANNELS, WORKSPACES
from storage.tables.topics import SUBSCRIPTIONS


async def add_channel(
    connection: AsyncConnection,
    address: Address,
    name: str,
    *,
    time_zone: str,
    schedule: str,
    next_digest_at: datetime | None,
) -> None:
    """Adds the channel at that address with default settings; one that is there takes the name, where there is one."""
    workspace = upsert(connection, WORKSPACES).values(
        platform=address.platform, external_id=address.workspace, name=address.workspace
    )
    # Whoever adds a channel there has the bot there.
    await connection.execute(
        workspace.on_conflict_do_update(index_elements=["platform", "external_id"], set_={"left_at": None})
    )
    workspace_id = select(WORKSPACES.c.id).where(
        WORKSPACES.c.platform == address.platform, WORKSPACES.c.external_id == address.workspace
    )
    channel = upsert(connection, CHANNELS).values(
        workspace_id=workspace_id.scalar_subquery(),
        external_id=address.channel,
        name=name,
        time_zone=time_zone,
        schedule=schedule,
        settings=SETTINGS_JSON.dump_python(ChannelSettings(), mode="json"),
        state=ChannelState.ACTIVE,
        reason="",
        next_digest_at=next_digest_at,
        last_number=0,
    )
    known_as = func.coalesce(func.nullif(channel.excluded.name, ""), CHANNELS.c.name)
    await connection.execute(
        channel.on_conflict_do_update(index_elements=["workspace_id", "external_id"], set_={"name": known_as})
    )


async def set_channel(connection: AsyncConnection, channel_id: int, changed: Channel, now: datetime) -> None:
    """Gives a channel the schedule, time zone, settings and next digest of `changed`."""
    values: dict[str, Any] = {
        "schedule": changed.schedule,
        "time_zone": changed.time_zone,
        "settings": SETTINGS_JSON.dump_python(changed.settings, mode="json"),
        "next_digest_at": changed.next_digest_at,
    }
    if changed.next_digest_at is None:
        values["instant_at"] = func.coalesce(CHANNELS.c.instant_at, bindparam("now", now, CHANNELS.c.instant_at.type))
    await connection.execute(update(CHANNELS).where(CHANNELS.c.id == channel_id).values(**values))


class SqlChannelStore:
    """Implements `bot.channels.store.ChannelStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, address: Address) -> Channel | None:
        found = await self._channels(
            select_channels().where(
                WORKSPACES.c.platform == address.platform,
                WORKSPACES.c.external_id == address.workspace,
                CHANNELS.c.external_id == address.channel,
            )
        )
        return found[0] if found else None

    async def get(self, channel_ids: Sequence[int]) -> dict[int, Channel]:
        found: dict[int, Channel] = {}
        for some in chunks(channel_ids):
            channels = await self._channels(select_channels().where(CHANNELS.c.id.in_(some)))
            found.update((channel.id, channel) for channel in channels)
        return found

    async def on_platform(
        self, platform: PlatformName, *, workspace: str = "", with_topics: bool = False
    ) -> list[Channel]:
        statement = select_channels().where(WORKSPACES.c.platform == platform)
        if workspace:
            statement = statement.where(WORKSPACES.c.external_id == workspace)
        if with_topics:
            topic = SUBSCRIPTIONS.c.channel_id == CHANNELS.c.id, SUBSCRIPTIONS.c.removed_at.is_(None)
            statement = statement.where(exists().where(*topic))
        return await self._channels(statement.order_by(CHANNELS.c.name, CHANNELS.c.id))

    async def browse(
        self,
        platform: PlatformName,
        *,
        person: str = "",
        words: str = "",
        name: str = "",
        after: int | None = None,
        archived: bool = False,
        limit: int,
    ) -> list[Channel]:
        order = (WORKSPACES.c.name, WORKSPACES.c.id, CHANNELS.c.name, CHANNELS.c.id)
        whose = PERSONAL_CHANNELS.c.person
        statement = select_channels().where(
            WORKSPACES.c.platform == platform,
            whose.is_(None) | (whose == person) if person else whose.is_(None),
            MAIL_RECIPIENTS.c.follows.is_(None),
            CHANNELS.c.archived_at.is_not(None) if archived else CHANNELS.c.archived_at.is_(None),
        )
        if words:
            named = (column.icontains(words, autoescape=True) for column in (CHANNELS.c.name, WORKSPACES.c.name))
            statement = statement.where(or_(*named))
        if name:
            statement = statement.where(func.lower(CHANNELS.c.name) == name.lower())
        async with self._database.read() as connection:
            if after is not None:
                last = select(*order).join_from(CHANNELS, WORKSPACES, CHANNELS.c.workspace_id == WORKSPACES.c.id)
                place = (await connection.execute(last.where(CHANNELS.c.id == after))).one_or_none()
                if place is not None:
                    statement = statement.where(tuple_(*order) > tuple_(*place))
            rows = await connection.execute(statement.order_by(*order).limit(limit))
            return [channel_of(row) for row in rows]

    async def add(
        self, address: Address, name: str, *, time_zone: str, schedule: str, next_digest_at: datetime | None
    ) -> Channel:
        async with self._database.write(asked_for=False) as connection:
            await add_channel(
                connection, address, name, time_zone=time_zone, schedule=schedule, next_digest_at=next_digest_at
            )
        added = await self.find(address)
        if added is None:
            raise LookupError(f"{address} vanished while it was added")
        return added

    @tried_again
    async def change(self, channel_id: int, change: Callable[[Channel], Channel], now: datetime) -> Channel:
        known = select_channels().where(CHANNELS.c.id == channel_id).with_for_update(of=CHANNELS, key_share=True)
        async with self._database.write() as connection:
            row = (await connection.execute(known)).one_or_none()
            if row is None:
                raise deleted_meanwhile()
            changed = change(channel_of(row))
            await set_channel(connection, channel_id, changed, now)
            return changed

    async def pause(self, channel_id: int, *, reason: str, until: datetime | None) -> None:
        await self._set(channel_id, state=ChannelState.PAUSED, reason=reason, paused_until=until)

    async def resume(self, channel_id: int, next_digest: Callable[[Channel], datetime | None]) -> bool:
        return await self.resume_all([channel_id], next_digest) == 1

    @tried_again
    async def resume_all(self, channel_ids: Collection[int], next_digest: Callable[[Channel], datetime | None]) -> int:
        ids, next_digests = sorted(set(channel_ids)), dict[int, datetime | None]()
        async with self._database.write() as connection:
            for some in chunks(ids):
                theirs = select(CHANNELS.c.workspace_id).where(CHANNELS.c.id.in_(some))
                left = select(WORKSPACES.c.id).where(WORKSPACES.c.id.in_(theirs), WORKSPACES.c.left_at.is_not(None))
                in_order = left.order_by(WORKSPACES.c.id).with_for_update(key_share=True)
                await connection.execute(update(WORKSPACES).where(WORKSPACES.c.id.in_(in_order)).values(left_at=None))
            for some in chunks(ids):
                stopped = select_channels().where(CHANNELS.c.id.in_(some)).order_by(CHANNELS.c.id)
                rows = await connection.execute(stopped.with_for_update(of=CHANNELS, key_share=True))
                next_digests |= {channel.id: next_digest(channel) for channel in map(channel_of, rows)}
            return await _resume(connection, next_digests)

    @tried_again
    async def end_pauses(self, now: datetime, next_digest: Callable[[Channel], datetime | None]) -> list[Channel]:
        ended = _ended_pauses(now).order_by(CHANNELS.c.id).with_for_update(of=CHANNELS, key_share=True)
        async with self._database.write() as connection:
            channels = [channel_of(row) for row in await connection.execute(ended)]
            await _resume(connection, {channel.id: next_digest(channel) for channel in channels})
            return channels

    @tried_again
    async def break_channels(
        self, address: Address, reason: str, *, whole_workspace: bool, even_paused: bool = False
    ) -> list[Channel]:
        async with self._database.write() as connection:
            return await break_channels(
                connection, address, reason, whole_workspace=whole_workspace, even_paused=even_paused
            )

    async def move(self, address: Address, channel: str) -> bool:
        workspace = select(WORKSPACES.c.id).where(*at_address(address)).scalar_subquery()
        there = CHANNELS.alias()
        statement = (
            update(CHANNELS)
            .where(
                CHANNELS.c.workspace_id == workspace,
                CHANNELS.c.external_id == address.channel,
                ~exists().where(there.c.workspace_id == workspace, there.c.external_id == channel),
            )
            .values(external_id=channel)
        )
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount == 1

    @tried_again
    async def rename(self, channel_id: int, name: str) -> None:
        async with self._database.write() as connection:
            await rename_channel(connection, channel_id, name)

    async def archive(self, channel_id: int, *, reason: str, now: datetime) -> None:
        await self._set(channel_id, state=ChannelState.PAUSED, reason=reason, paused_until=None, archived_at=now)

    @tried_again
    async def delete(self, channel_id: int, now: datetime) -> None:
        async with self._database.write() as connection:
            await mark_deleted(connection, [channel_id], now)

    @tried_again
    async def delete_marked(self, now: datetime, limit: int) -> int:
        async with self._database.write(asked_for=False) as connection:
            return await delete_marked(connection, now, limit)

    async def stopped_with_workspace(self, address: Address) -> list[Channel]:
        return await self._channels(
            select_channels().where(
                *at_address(address),
                CHANNELS.c.state == ChannelState.BROKEN,
                CHANNELS.c.reason == WORKSPACES.c.stopped_for,
            )
        )

    async def workspaces(self, platform: PlatformName) -> list[Workspace]:
        statement = select(WORKSPACES).where(WORKSPACES.c.platform == platform).order_by(WORKSPACES.c.id)
        async with self._database.read() as connection:
            return [
                Workspace(id=row.external_id, name=row.name, left_at=row.left_at)
                for row in await connection.execute(statement)
            ]

    @tried_again
    async def join_workspace(self, address: Address, name: str = "") -> None:
        async with self._database.write() as connection:
            if not name:
                back = update(WORKSPACES).where(*at_address(address), WORKSPACES.c.left_at.is_not(None))
                await connection.execute(back.values(left_at=None))
                return
            row = upsert(connection, WORKSPACES).values(
                platform=address.platform, external_id=address.workspace, name=name
            )
            await connection.execute(
                row.on_conflict_do_update(
                    index_elements=["platform", "external_id"], set_={"name": row.excluded.name, "left_at": None}
                )
            )

    @tried_again
    async def leave_workspace(self, address: Address, reason: str, now: datetime) -> None:
        leaving = update(WORKSPACES).where(*at_address(address), WORKSPACES.c.left_at.is_(None)).values(left_at=now)
        async with self._database.write() as connection:
            await connection.execute(leaving)
            await stop_workspace(connection, address, reason)

    async def delete_left_workspaces(self, left_before: datetime, now: datetime, limit: int) -> int:
        return await delete_left_workspaces(self._database, left_before, now, limit)

    async def role(self, address: Address) -> str:
        statement = select(WORKSPACES.c.role).where(*at_address(address))
        async with self._database.read() as connection:
            return (await connection.execute(statement)).scalar_one_or_none() or ""

    async def set_role(self, address: Address, role: str) -> None:
        async with self._database.write() as connection:
            row = upsert(connection, WORKSPACES).values(
                platform=address.platform, external_id=address.workspace, name=address.workspace, role=role
            )
            await connection.execute(
                row.on_conflict_do_update(index_elements=["platform", "external_id"], set_={"role": row.excluded.role})
            )

    async def ended_pauses(self, now: datetime) -> list[Channel]:
        return await self._channels(_ended_pauses(now))

    async def due_after(self, time: datetime) -> list[Channel]:
        return await self._channels(select_channels().where(_due_after(time)))

    async def kinds_due_after(self, time: datetime) -> list[Channel]:
        c = CHANNELS.c
        kinds = (
            select(func.min(c.id))
            .where(c.deleted_at.is_(None), _due_after(time))
            .group_by(c.schedule, c.time_zone, c.settings, c.next_digest_at, c.instant_at)
        )
        return await self._channels(select_channels().where(c.id.in_(kinds)))

    async def _channels(self, statement: Select[Any]) -> list[Channel]:
        stints, found = Stints(), []
        async with self._database.read() as connection:
            for row in await connection.execute(statement):
                found.append(channel_of(row))
                await stints.rest()
        return found

    @tried_again
    async def _set(self, channel_id: int, **values: Any) -> None:
        async with self._database.write() as connection:
            await connection.execute(update(CHANNELS).where(CHANNELS.c.id == channel_id).values(**values))


def _due_after(time: datetime) -> ColumnElement[bool]:
    return or_(CHANNELS.c.next_digest_at > time, CHANNELS.c.instant_at > time)


def _ended_pauses(now: datetime) -> Select[Any]:
    return select_channels().where(CHANNELS.c.state == ChannelState.PAUSED, CHANNELS.c.paused_until <= now)


async def _resume(connection: AsyncConnection, next_digests: Mapping[int, datetime | None]) -> int:
    """Lets channels go on, with these times of their next digests; returns how many had stopped."""
    resumed = 0
    for channel_id, next_digest_at in sorted(next_digests.items()):
        statement = (
            update(CHANNELS)
            .where(
                CHANNELS.c.id == channel_id,
                CHANNELS.c.state != ChannelState.ACTIVE,
                CHANNELS.c.deleted_at.is_(None),
            )
            .values(
                state=ChannelState.ACTIVE,
                reason="",
                paused_until=None,
                archived_at=None,
                next_digest_at=next_digest_at,
                post_after=None,
            )
        )
        resumed += (await connection.execute(statement)).rowcount
    if resumed:
        await notify(connection, News.POSTS)  # what waited for these channels may go out
    return resumed
