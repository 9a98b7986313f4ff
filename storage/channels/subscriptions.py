"""Topics of channels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select, update

from bot.digests.content import ChangeNotice
from bot.digests.digest import DeliveryState
from bot.query.models import Models, embedding_model_of, models_written
from bot.topics.decisions import MATCHED_AGAIN_FOR
from bot.topics.store import Match, SubscriptionChange, TopicEdit, TopicFigures, TopicMove, TopicOptions
from bot.topics.subscription import Subscription
from storage.channels.subscription_rows import subscription_of
from storage.channels.topic_changes import (
    add_topics,
    edit_topic,
    merge_topics,
    remove_topic,
    remove_topics,
    transfer_topics,
)
from storage.channels.topic_figures import figures_of_topics
from storage.database.conflicts import tried_again
from storage.database.counters import Counter, next_numbers
from storage.database.database import Database
from storage.database.statements import chunks
from storage.papers.vectors import make_current, match_undecided
from storage.posting.deliveries import queue
from storage.posting.plans import add_post
from storage.tables.posts import DELIVERIES, DELIVERY_TOPICS
from storage.tables.topics import BASELINES, SUBSCRIPTIONS


class SqlSubscriptionStore:
    """Implements `bot.topics.store.SubscriptionStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @tried_again
    async def add(
        self,
        channel_id: int,
        options: TopicOptions,
        *,
        created_by: str,
        now: datetime,
        backfill: Sequence[str] = (),
        named_in: int | None = None,
        quiet: bool = False,
    ) -> Subscription:
        async with self._database.write() as connection:
            (added,) = await add_topics(
                connection, channel_id, [options], created_by, now, named_in=named_in, quiet=quiet
            )
            older = [
                Match(channel_id=channel_id, paper_id=paper, subscription_ids=(added.id,), instant=False)
                for paper in backfill
            ]
            await queue(connection, older, now)
            return added

    @tried_again
    async def add_all(
        self, channel_id: int, topics: Sequence[TopicOptions], *, created_by: str, now: datetime
    ) -> list[Subscription]:
        async with self._database.write() as connection:
            return await add_topics(connection, channel_id, topics, created_by, now)

    async def edit(self, edit: TopicEdit) -> Subscription:
        return (await self.edit_all([edit]))[0]

    @tried_again
    async def edit_all(self, edits: Sequence[TopicEdit]) -> list[Subscription]:
        async with self._database.write() as connection:
            return [await edit_topic(connection, edit) for edit in edits]

    @tried_again
    async def merge(self, kept: Subscription, gone: Subscription, options: TopicOptions, now: datetime) -> Subscription:
        async with self._database.write() as connection:
            return await merge_topics(connection, kept, gone, options, now)

    @tried_again
    async def transfer(
        self, moves: Sequence[TopicMove], channel_id: int, *, created_by: str, now: datetime
    ) -> list[Subscription]:
        async with self._database.write() as connection:
            return await transfer_topics(connection, moves, channel_id, created_by, now)

    @tried_again
    async def remove(self, subscription_id: int, now: datetime) -> None:
        async with self._database.write() as connection:
            await remove_topic(connection, subscription_id, now)

    @tried_again
    async def remove_all(self, channel_id: int, now: datetime) -> int:
        async with self._database.write() as connection:
            return await remove_topics(connection, channel_id, now)

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

    async def figures(self, channel_id: int, since: date) -> dict[int, TopicFigures]:
        async with self._database.read() as connection:
            return await figures_of_topics(connection, channel_id, since)

    async def by_another_model(self, model: str) -> list[Subscription]:
        return await self._subscriptions(_by_another_model(model))

    @tried_again
    async def move(self, moved: Sequence[tuple[Subscription, Models]], model: str, notice: str, now: datetime) -> bool:
        async with self._database.write(asked_for=False) as connection:
            # Whoever adds or changes a topic takes a number first, and waits for this to end.
            change = await next_numbers(connection, Counter.CHANGE, max(len(moved), 1))
            stored = {row.id: row.models for row in await connection.execute(_by_another_model(model))}
            if stored != {topic.id: models_written(topic.models) for topic, _ in moved}:
                return False
            for number, (topic, models) in enumerate(moved, change):
                await connection.execute(
                    update(SUBSCRIPTIONS)
                    .where(SUBSCRIPTIONS.c.id == topic.id)
                    .values(models=models_written(models), embedding_model=embedding_model_of(models), change=number)
                )
            await match_undecided(connection, now - MATCHED_AGAIN_FOR)
            await make_current(connection, model)
            for channel_id in sorted({topic.channel_id for topic, _ in moved}):
                await add_post(connection, channel_id, ChangeNotice(words=notice), now)
            return True

    async def owner(self, channel_id: int) -> str:
        topics = await self.of_channel(channel_id)
        return topics[0].created_by if topics else ""

    async def _subscriptions(self, statement: Select[Any]) -> list[Subscription]:
        async with self._database.read() as connection:
            return [subscription_of(row) for row in await connection.execute(statement)]


def _by_another_model(model: str) -> Select[Any]:
    return select(SUBSCRIPTIONS).where(
        SUBSCRIPTIONS.c.embedding_model.is_not(None),
        SUBSCRIPTIONS.c.embedding_model != model,
        SUBSCRIPTIONS.c.removed_at.is_(None),
    )
