"""The rows of topics, and the subscriptions that they hold."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from bot.query.models import models_read
from bot.topics.subscription import Subscription


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
        models=models_read(row.models),
        named_in=row.named_in,
        quiet=row.quiet,
    )
