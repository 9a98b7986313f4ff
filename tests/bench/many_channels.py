"""Very many channels with a topic each, written into a database at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import insert, select

from bot.channels.channel import Address
from bot.topics.store import TopicOptions
from storage.database.counters import Counter, next_numbers
from storage.store import SqlStore
from storage.tables.channels import CHANNELS
from storage.tables.topics import SUBSCRIPTIONS


async def many_channels(
    store: SqlStore,
    addresses: Sequence[Address],
    query_of: Callable[[int], str],
    *,
    now: datetime,
    next_digest_at: datetime | None,
) -> None:
    """Adds channels of one workspace. The first is added as people add one, the others are like it but for `query_of`
    their place."""
    first = await store.channels.add(
        addresses[0], "", time_zone="UTC", schedule="daily 13:00", next_digest_at=next_digest_at
    )
    topic = await store.subscriptions.add(first.id, TopicOptions(query=query_of(0)), created_by="u1", now=now)
    async with store.database.write() as connection:
        one = (await connection.execute(select(CHANNELS).where(CHANNELS.c.id == first.id))).one()
        alike = {name: value for name, value in one._mapping.items() if name != "id"}
        rows = [{**alike, "external_id": address.channel} for address in addresses[1:]]
        if not rows:
            return
        await connection.execute(insert(CHANNELS), rows)
        others = select(CHANNELS.c.id, CHANNELS.c.external_id).where(
            CHANNELS.c.workspace_id == one.workspace_id, CHANNELS.c.id != first.id
        )
        ids = {row.external_id: row.id for row in await connection.execute(others)}
        known = (await connection.execute(select(SUBSCRIPTIONS).where(SUBSCRIPTIONS.c.id == topic.id))).one()
        alike = {name: value for name, value in known._mapping.items() if name != "id"}
        change = await next_numbers(connection, Counter.CHANGE, len(rows))
        topics = [
            {**alike, "channel_id": ids[address.channel], "query": query_of(place), "change": change + place - 1}
            for place, address in enumerate(addresses[1:], 1)
        ]
        await connection.execute(insert(SUBSCRIPTIONS), topics)
