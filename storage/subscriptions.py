"""Topics of channels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.ports import SubscriptionChange, TopicOptions
from bot.posts import DeliveryState
from bot.subscriptions import Subscription
from storage.changes import next_changes
from storage.database import Database
from storage.statements import chunks
from storage.tables import BASELINES, CHANNELS, DELIVERIES, DELIVERY_TOPICS, SUBSCRIPTIONS


def subscription_of(row: Row[Any]) -> Subscription:
    return Subscription(
        id=row.id,
        channel_id=row.channel_id,
        number=row.number,
        name=row.name,
        query=row.query,
        min_upvotes=row.min_upvotes,
        instant=row.instant,
        since=row.since,
        created_by=row.created_by,
    )


class SqlSubscriptionStore:
    """Implements `bot.ports.SubscriptionStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, channel_id: int, options: TopicOptions, *, created_by: str, now: datetime) -> Subscription:
        async with self._database.write() as connection:
            change = await next_changes(connection)
            numbering = (
                update(CHANNELS)
                .where(CHANNELS.c.id == channel_id)
                .values(last_number=CHANNELS.c.last_number + 1)
                .returning(CHANNELS.c.last_number)
            )
            number = (await connection.execute(numbering)).scalar_one()
            adding = (
                insert(SUBSCRIPTIONS)
                .values(
                    channel_id=channel_id,
                    number=number,
                    name=options.name,
                    query=options.query,
                    min_upvotes=options.min_upvotes,
                    instant=options.instant,
                    since=change,
                    change=change,
                    created_by=created_by,
                    created_at=now,
                )
                .returning(SUBSCRIPTIONS)
            )
            added = subscription_of((await connection.execute(adding)).one())
            await _set_baseline(connection, added.id, options.baseline)
            return added

    async def edit(self, subscription_id: int, options: TopicOptions) -> Subscription:
        async with self._database.write() as connection:
            change = await next_changes(connection)
            before = (
                await connection.execute(select(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.id == subscription_id))
            ).one()
            # A new name is no new question: only another query starts over with what is news.
            asks_anew = (before.query, before.min_upvotes) != (options.query, options.min_upvotes)
            editing = (
                update(SUBSCRIPTIONS)
                .where(SUBSCRIPTIONS.c.id == subscription_id)
                .values(
                    name=options.name,
                    query=options.query,
                    min_upvotes=options.min_upvotes,
                    instant=options.instant,
                    since=change if asks_anew else before.since,
                    change=change,
                )
                .returning(SUBSCRIPTIONS)
            )
            edited = subscription_of((await connection.execute(editing)).one())
            if asks_anew:
                await connection.execute(delete(BASELINES).where(BASELINES.c.subscription_id == subscription_id))
                await _set_baseline(connection, subscription_id, options.baseline)
            return edited

    async def remove(self, subscription_id: int, now: datetime) -> None:
        async with self._database.write() as connection:
            change = await next_changes(connection)
            await connection.execute(
                update(SUBSCRIPTIONS)
                .where(SUBSCRIPTIONS.c.id == subscription_id, SUBSCRIPTIONS.c.removed_at.is_(None))
                .values(removed_at=now, change=change)
            )
            wanted_by = DELIVERY_TOPICS.alias("wanted_by")
            still_wanted = exists().where(
                wanted_by.c.delivery_id == DELIVERIES.c.id,
                SUBSCRIPTIONS.c.id == wanted_by.c.subscription_id,
                SUBSCRIPTIONS.c.removed_at.is_(None),
            )
            only_this = select(DELIVERY_TOPICS.c.delivery_id).where(
                DELIVERY_TOPICS.c.subscription_id == subscription_id
            )
            await connection.execute(
                update(DELIVERIES)
                .where(
                    DELIVERIES.c.id.in_(only_this),
                    DELIVERIES.c.state == DeliveryState.QUEUED,
                    DELIVERIES.c.digest_id.is_(None),
                    ~still_wanted,
                )
                .values(state=DeliveryState.DROPPED)
            )

    async def of_channel(self, channel_id: int) -> list[Subscription]:
        return await self._subscriptions(
            select(SUBSCRIPTIONS)
            .where(SUBSCRIPTIONS.c.channel_id == channel_id, SUBSCRIPTIONS.c.removed_at.is_(None))
            .order_by(SUBSCRIPTIONS.c.number)
        )

    async def get(self, subscription_ids: Sequence[int]) -> dict[int, Subscription]:
        found: dict[int, Subscription] = {}
        for some in chunks(subscription_ids):
            rows = await self._subscriptions(
                select(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.id.in_(some), SUBSCRIPTIONS.c.removed_at.is_(None))
            )
            found.update((subscription.id, subscription) for subscription in rows)
        return found

    async def changed(self, after: int, limit: int) -> list[SubscriptionChange]:
        statement = (
            select(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.change > after).order_by(SUBSCRIPTIONS.c.change).limit(limit)
        )
        async with self._database.read() as connection:
            return [
                SubscriptionChange(row.change, row.id, None if row.removed_at else subscription_of(row))
                for row in await connection.execute(statement)
            ]

    async def baselines(self, subscription_ids: Sequence[int]) -> set[tuple[int, str]]:
        found: set[tuple[int, str]] = set()
        async with self._database.read() as connection:
            for some in chunks(subscription_ids):
                rows = await connection.execute(select(BASELINES).where(BASELINES.c.subscription_id.in_(some)))
                found.update((row.subscription_id, row.paper_id) for row in rows)
        return found

    async def delivered(self, channel_id: int, since: datetime) -> dict[int, int]:
        statement = (
            select(DELIVERY_TOPICS.c.subscription_id, func.count().label("papers"))
            .join(DELIVERIES, DELIVERIES.c.id == DELIVERY_TOPICS.c.delivery_id)
            .where(
                DELIVERIES.c.channel_id == channel_id,
                DELIVERIES.c.state == DeliveryState.POSTED,
                DELIVERIES.c.posted_at > since,
            )
            .group_by(DELIVERY_TOPICS.c.subscription_id)
        )
        async with self._database.read() as connection:
            return {row.subscription_id: row.papers for row in await connection.execute(statement)}

    async def owner(self, channel_id: int) -> str:
        topics = await self.of_channel(channel_id)
        return topics[0].created_by if topics else ""

    async def count(self) -> int:
        statement = select(func.count()).select_from(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.removed_at.is_(None))
        async with self._database.read() as connection:
            number: int = (await connection.execute(statement)).scalar_one()
            return number

    async def _subscriptions(self, statement: Select[Any]) -> list[Subscription]:
        async with self._database.read() as connection:
            return [subscription_of(row) for row in await connection.execute(statement)]


async def _set_baseline(connection: AsyncConnection, subscription_id: int, paper_ids: Sequence[str]) -> None:
    for some in chunks(paper_ids):
        await connection.execute(
            insert(BASELINES), [{"subscription_id": subscription_id, "paper_id": paper_id} for paper_id in some]
        )
