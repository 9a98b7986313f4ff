"""What files of topics change: several channels and their topics in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.channel import Address, Channel
from bot.channels.next_digest import next_for
from bot.errors import UserError
from bot.topic_files.store import ChannelChange
from bot.topics.subscription import Subscription
from storage.channels.channel_rows import channel_of, select_channels
from storage.channels.channels import add_channel, set_channel
from storage.channels.subscription_rows import subscription_of
from storage.channels.topic_changes import add_topics, edit_topic, remove_topic
from storage.database.conflicts import tried_again
from storage.database.counters import Counter, next_numbers
from storage.database.database import Database
from storage.database.statements import chunks
from storage.tables.channels import CHANNELS, WORKSPACES
from storage.tables.topics import SUBSCRIPTIONS


class SqlTopicFileStore:
    """Implements `bot.topic_files.store.TopicFileStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def topics(self, channel_ids: Sequence[int]) -> Mapping[int, Sequence[Subscription]]:
        async with self._database.read() as connection:
            return await _topics(connection, channel_ids)

    @tried_again
    async def apply(self, changes: Sequence[ChannelChange], *, created_by: str, now: datetime) -> None:
        async with self._database.write() as connection:
            # Whoever adds or changes a topic takes a number first, and waits for this to end.
            await next_numbers(connection, Counter.CHANGE)
            # In one order, so that two who do this do not each wait for what the other holds.
            ordered = sorted(changes, key=lambda one: one.after.id)
            for some in chunks(ordered):
                await _apply(connection, some, created_by, now)


async def _apply(connection: AsyncConnection, changes: Sequence[ChannelChange], created_by: str, now: datetime) -> None:
    there = await _channels(connection, [change.after.address for change in changes])
    for change in changes:
        after = change.after
        if _set(there.get(after.address)) != _set(change.before):
            raise _changed_meanwhile(after)
        if after.address not in there:
            await add_channel(
                connection,
                after.address,
                after.name,
                time_zone=after.time_zone,
                schedule=after.schedule,
                next_digest_at=next_for(after, now),
            )
    there |= await _channels(connection, [one.after.address for one in changes if one.after.address not in there])
    topics = await _topics(connection, [channel.id for channel in there.values()])
    for change in changes:
        channel = there[change.after.address]
        if tuple(topics.get(channel.id, ())) != change.topics:
            raise _changed_meanwhile(channel)
        if _set(channel) != _set(change.after):
            # A digest may have gone out since this was decided: its time must not come once more.
            same_times = _times(channel) == _times(change.after)
            next_digest_at = channel.next_digest_at if same_times else next_for(change.after, now)
            await set_channel(connection, channel.id, replace(change.after, next_digest_at=next_digest_at), now)
        for subscription_id in change.removed:
            await remove_topic(connection, subscription_id, now)
        for edit in change.edited:
            await edit_topic(connection, edit)
        await add_topics(connection, channel.id, change.added, created_by, now)


async def _channels(connection: AsyncConnection, addresses: Sequence[Address]) -> dict[Address, Channel]:
    """Those of these channels that there are, locked."""
    if not addresses:
        return {}
    place = tuple_(WORKSPACES.c.platform, WORKSPACES.c.external_id, CHANNELS.c.external_id)
    named = [(address.platform, address.workspace, address.channel) for address in addresses]
    found = select_channels().where(place.in_(named)).order_by(CHANNELS.c.id)
    rows = await connection.execute(found.with_for_update(of=CHANNELS, key_share=True))
    return {channel.address: channel for channel in map(channel_of, rows)}


def _set(channel: Channel | None) -> object:
    """What people set of a channel."""
    return channel and (channel.schedule, channel.time_zone, channel.settings)


def _times(channel: Channel) -> object:
    """What says when its digests come."""
    return channel.schedule, channel.time_zone, channel.settings.quiet_days


def _changed_meanwhile(channel: Channel) -> UserError:
    return UserError(f"{channel.full_name} was changed in the meantime. Nothing was changed: try again.")


async def _topics(connection: AsyncConnection, channel_ids: Sequence[int]) -> dict[int, list[Subscription]]:
    found: dict[int, list[Subscription]] = {}
    for some in chunks(channel_ids):
        rows = select(SUBSCRIPTIONS).where(
            SUBSCRIPTIONS.c.channel_id.in_(some),
            SUBSCRIPTIONS.c.removed_at.is_(None),
            SUBSCRIPTIONS.c.named_in.is_(None),
        )
        for row in await connection.execute(rows.order_by(SUBSCRIPTIONS.c.channel_id, SUBSCRIPTIONS.c.number)):
            found.setdefault(row.channel_id, []).append(subscription_of(row))
    return found
