"""What topics brought to a channel, counted."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.digests.digest import DeliveryState
from bot.reading.votes import Vote
from bot.topics.store import TopicFigures
from storage.tables.posts import DELIVERIES, DELIVERY_TOPICS, DIGESTS
from storage.tables.reading import VOTES


async def figures_of_topics(connection: AsyncConnection, channel_id: int, since: date) -> dict[int, TopicFigures]:
    """What each topic of a channel brought with the digests from that day on, in two statements for all of them."""
    brought = (
        select(DELIVERY_TOPICS.c.subscription_id, DIGESTS.c.day, DELIVERIES.c.paper_id)
        .join(DELIVERIES, DELIVERIES.c.id == DELIVERY_TOPICS.c.delivery_id)
        .join(DIGESTS, DIGESTS.c.id == DELIVERIES.c.digest_id)
        .where(
            DELIVERIES.c.channel_id == channel_id,
            DELIVERIES.c.state == DeliveryState.POSTED,
            DIGESTS.c.channel_id == channel_id,
            DIGESTS.c.day >= since,
        )
        .subquery()
    )
    by_day = select(brought.c.subscription_id, brought.c.day, func.count().label("papers")).group_by(
        brought.c.subscription_id, brought.c.day
    )
    voted = (
        select(
            brought.c.subscription_id,
            func.count().filter(VOTES.c.vote == Vote.UP).label("up"),
            func.count().filter(VOTES.c.vote == Vote.DOWN).label("down"),
        )
        .join(VOTES, VOTES.c.paper_id == brought.c.paper_id)
        .where(VOTES.c.channel_id == channel_id)
        .group_by(brought.c.subscription_id)
    )
    days: defaultdict[int, dict[date, int]] = defaultdict(dict)
    for row in await connection.execute(by_day):
        days[row.subscription_id][row.day] = row.papers
    votes = {row.subscription_id: (row.up, row.down) for row in await connection.execute(voted)}
    return {topic: TopicFigures(papers, *votes.get(topic, (0, 0))) for topic, papers in days.items()}
