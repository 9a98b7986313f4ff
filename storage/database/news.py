"""News: what a transaction tells other processes when it commits (`storage.database.notifications`)."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_NOTIFY = text("SELECT pg_notify(:channel, '')")


class News(StrEnum):
    """Kinds of news, by PostgreSQL's channel: posts that may be sent, and papers or topics that changed."""

    POSTS = "paperround_posts"
    CHANGES = "paperround_changes"


async def notify(connection: AsyncConnection, channel: str) -> None:
    """Tells whoever listens to a channel, once the transaction commits. SQLite has no such thing."""
    if connection.dialect.name == "postgresql":
        await connection.execute(_NOTIFY, {"channel": str(channel)})
